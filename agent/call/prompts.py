"""Every text that we ourselves say to the model during a call, without I/O.

Kept on one page because the stand-in for the model has to understand them: `SAY_EXACTLY` is the
way to make it speak given words.
"""

SAY_EXACTLY = 'Say exactly: "{text}"'

GREETING = "Greet the caller now. " + SAY_EXACTLY
MESSAGE = "A machine has answered, and its beep has sounded. " + SAY_EXACTLY
ANNOUNCEMENT = "The call has been answered: give this message; the call then ends. " + SAY_EXACTLY
IDLE = "The caller has been silent for a while. " + SAY_EXACTLY
IDLE_GOODBYE = "The caller does not answer. Say a short goodbye now; the call then ends."
GOODBYE = "The call ends now. Say a short goodbye, unless you have said it."
WRAP_UP = (
    "The call must end within a few seconds. "
    "Bring it to a polite close now, in one or two short sentences."
)
CONTINUE = (
    "You were cut off while you were speaking; the caller has heard nothing after these words: "
    '"{text}" Go on with the very next word. Repeat nothing, do not greet, and do not mention it.'
)
GO_ON = (
    "You were cut off while you were speaking. "
    "Go on where the sound broke off; do not start again, and do not greet."
)
ANSWER = (
    "The caller is waiting and has not heard an answer. "
    "Answer now what the caller said last; do not greet again."
)
KEYS = "The caller pressed these keys on the telephone: {keys}"
KEY_REPEAT = (
    "The caller pressed a key to hear your last words again. Say them again, and nothing else."
)
KEY_GOODBYE = "The caller pressed a key to end the call. Say a short goodbye now; it then ends."
LATE_RESULT = "The function {name}, which was still running, has now finished: {result}"

NOT_TRANSFERRED = (
    "The caller could not be connected with {name}: {why}. The caller is back with you. "
    "Say so in one sentence, and ask how to go on; do not greet again."
)

END_CALL = "end_call"
"""The tool by which the model ends the call. The call answers it itself."""
END_CALL_RESULT = "The line closes after your last words. Say goodbye only if you have not yet."
PAUSE_RECORDING, RESUME_RECORDING = "pause_recording", "resume_recording"
"""The tools by which the model keeps a card number out of all that is kept of the call."""
PAUSED = (
    "Nothing is recorded now, for at most {seconds} seconds. Ask for the number, and call "
    "resume_recording as soon as you have it."
)
RESUMED = "The recording goes on."
STILL_WORKING = "The function is still running; its result follows as text. Tell the caller."
SAME_CALL = "This call was made before, under the same id, and is not made again."
DONE_BEFORE = (
    "This was done before, for the same request, and was not done again. "
    "If the caller wants it once more, ask, and call it again after the answer."
)
TOO_MANY_TOOLS = "Too many functions are running at once. Wait for their results."


def say(wording: str, text: str) -> str:
    """Fill words to be spoken into `wording`; double quotes in them become single ones."""
    return wording.format(text=text.replace('"', "'"))


LINE_BACK = (
    "The telephone line was interrupted for some seconds and is back. You and the caller may have "
    "missed something of each other. Say so in one short sentence, and go on."
)
