"""`make bench`: every table, one after the other."""

from bench import audio, calls, check, core, moves, reload, tools

if __name__ == "__main__":
    audio.main()
    core.main()
    calls.main()
    moves.main()
    check.main()
    reload.main()
    tools.main()
