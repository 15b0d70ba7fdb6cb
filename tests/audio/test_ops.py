import subprocess
import sys


def test_importing_it_warns_of_nothing() -> None:
    # On Python 3.12 the standard library's audioop announces its own end.
    code = "import agent.audio.ops as ops; assert ops.rms(bytes(4), 2) == 0"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_other_deprecations_still_warn() -> None:
    code = (
        "import agent.audio.ops, warnings\n"
        "try: warnings.warn('something else', DeprecationWarning)\n"
        "except DeprecationWarning: print('warned')"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "warned\n"
