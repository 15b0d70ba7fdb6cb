"""`make bench`: every table, one after the other."""

from bench import (
    admission,
    audio,
    calls,
    check,
    core,
    exchange,
    metrics,
    moves,
    recording,
    reload,
    store,
    store_audio,
    tools,
)

if __name__ == "__main__":
    audio.main()
    core.main()
    calls.main()
    exchange.main()
    moves.main()
    check.main()
    reload.main()
    recording.main()
    tools.main()
    metrics.main()
    store.main()
    store_audio.main()
    admission.main()
