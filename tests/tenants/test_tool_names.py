"""What the model calls what an entry provides."""

from agent.tenants.tool_names import claims_of, declared_names, mcp_name
from agent.tenants.tools import BuiltinTool, HttpTool, McpTool, PythonTool

STOCK = McpTool(
    name="stock",
    command=("stock-mcp",),
    allow=("find-article", "réserver"),
    claims={"réserver": ("is reserved",)},
)
ORDER = HttpTool(name="order", description="Order.", url="https://a.example/")


def test_a_servers_tools_are_named_after_it_in_plain_letters() -> None:
    assert mcp_name("stock", "find.article/1") == "stock_find_article_1"
    assert declared_names(STOCK) == ("stock_find_article", "stock_r_server")


def test_other_tools_have_one_name() -> None:
    assert declared_names(PythonTool(python="shop.sub.book")) == ("book",)
    assert declared_names(ORDER) == ("order",)
    assert declared_names(BuiltinTool(builtin="end_call")) == ("end_call",)


def test_claims_are_of_functions() -> None:
    assert claims_of(STOCK) == {"stock_r_server": ("is reserved",)}
    assert claims_of(PythonTool(python="shop.book", claims=("is booked",))) == {
        "book": ("is booked",)
    }
    assert claims_of(BuiltinTool(builtin="send_sms", claims=("have sent",))) == {
        "send_sms": ("have sent",)
    }
    assert claims_of(ORDER) == {}
