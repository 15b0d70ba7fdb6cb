"""`make bench`: every table, one after the other."""

from bench import audio, calls, core, moves

if __name__ == "__main__":
    audio.main()
    core.main()
    calls.main()
    moves.main()
