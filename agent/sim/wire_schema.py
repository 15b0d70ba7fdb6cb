"""Every field a client may send, as nested tables, without I/O.

A dict is a message, a one-element list a repeated field, `MapOf` a map with free keys, and a
string a scalar of that kind. Names are the canonical camelCase ones.
Source: docs/protocols/gemini-live.md section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

type Schema = Any
"""str | dict[str, Schema] | list[Schema] | MapOf; recursive, so not spelled out for the checker."""


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map: keys are the sender's own and stay as they are."""

    value: Schema


STRING, BOOL, INT32, INT64, FLOAT = "string", "bool", "int32", "int64", "float"
BYTES, ENUM = "bytes", "enum"
STRUCT = "struct"  # a JSON object whose keys are the sender's own
VALUE = "value"  # any JSON value

BLOB: Schema = {"mimeType": STRING, "data": BYTES, "displayName": STRING}
FILE: Schema = {"mimeType": STRING, "fileUri": STRING, "displayName": STRING}

FUNCTION_RESPONSE: Schema = {
    "id": STRING,
    "name": STRING,
    "response": STRUCT,
    "scheduling": ENUM,
    "willContinue": BOOL,
    "parts": [{"inlineData": BLOB, "fileData": FILE}],
}

PART_DATA: dict[str, Schema] = {
    "text": STRING,
    "inlineData": BLOB,
    "fileData": FILE,
    "functionCall": {"id": STRING, "name": STRING, "args": STRUCT},
    "functionResponse": FUNCTION_RESPONSE,
    "executableCode": {"code": STRING, "language": ENUM},
    "codeExecutionResult": {"outcome": ENUM, "output": STRING},
}
"""The kinds of a part: at most one of them per part."""

PART: Schema = {
    **PART_DATA,
    "thought": BOOL,
    "thoughtSignature": BYTES,
    "videoMetadata": STRUCT,
    "mediaResolution": STRUCT,
}
CONTENT: Schema = {"role": STRING, "parts": [PART]}

SCHEMA: dict[str, Schema] = {
    "type": ENUM,
    "format": STRING,
    "title": STRING,
    "description": STRING,
    "nullable": BOOL,
    "enum": [STRING],
    "maxItems": INT64,
    "minItems": INT64,
    "required": [STRING],
    "minProperties": INT64,
    "maxProperties": INT64,
    "minLength": INT64,
    "maxLength": INT64,
    "pattern": STRING,
    "example": VALUE,
    "default": VALUE,
    "minimum": FLOAT,
    "maximum": FLOAT,
    "propertyOrdering": [STRING],
}
SCHEMA["properties"] = MapOf(SCHEMA)
SCHEMA["items"] = SCHEMA
SCHEMA["anyOf"] = [SCHEMA]

TOOL: Schema = {
    "functionDeclarations": [
        {
            "name": STRING,
            "description": STRING,
            "parameters": SCHEMA,
            "parametersJsonSchema": VALUE,
            "response": SCHEMA,
            "responseJsonSchema": VALUE,
            "behavior": ENUM,
        }
    ],
    "googleSearch": STRUCT,
    "googleMaps": STRUCT,
    "codeExecution": STRUCT,
    "urlContext": STRUCT,
    "fileSearch": STRUCT,
}

TRANSCRIPTION: Schema = {
    "languageCodes": [STRING],
    "customVocabulary": [STRING],
    "wordTimestamp": BOOL,
    "diarization": BOOL,
    "mode": ENUM,
    "sourceText": STRING,
    "languageAuto": STRUCT,
    "languageHints": {"languageCodes": [STRING]},
    "adaptationPhrases": [STRING],
}

VOICE: Schema = {
    "prebuiltVoiceConfig": {"voiceName": STRING},
    "replicatedVoiceConfig": {
        "mimeType": STRING,
        "voiceSampleAudio": BYTES,
        "consentAudio": BYTES,
        "voiceConsentSignature": {"signature": STRING},
    },
    "voice": STRING,
}

UNSUPPORTED_GENERATION_FIELDS: dict[str, Schema] = {
    "responseLogprobs": BOOL,
    "responseMimeType": STRING,
    "logprobs": INT32,
    "responseSchema": SCHEMA,
    "responseJsonSchema": VALUE,
    "stopSequences": [STRING],
    "routingConfig": STRUCT,
    "audioTimestamp": BOOL,
}
"""Fields of `generationConfig` that exist, but not in Live (section 2.1.1, last line)."""

GENERATION_CONFIG: Schema = {
    "responseModalities": [ENUM],
    "temperature": FLOAT,
    "topP": FLOAT,
    "topK": FLOAT,
    "seed": INT32,
    "maxOutputTokens": INT32,
    "candidateCount": INT32,
    "presencePenalty": FLOAT,
    "frequencyPenalty": FLOAT,
    "speechConfig": {
        "voiceConfig": VOICE,
        "languageCode": STRING,
        "multiSpeakerVoiceConfig": {
            "speakerVoiceConfigs": [{"speaker": STRING, "voiceConfig": VOICE}]
        },
    },
    "thinkingConfig": {
        "includeThoughts": BOOL,
        "thinkingBudget": INT32,
        "thinkingLevel": ENUM,
    },
    "mediaResolution": ENUM,
    "enableAffectiveDialog": BOOL,
    "translationConfig": {"targetLanguageCode": STRING, "echoTargetLanguage": BOOL},
    "audioTranscriptionConfig": TRANSCRIPTION,
    **UNSUPPORTED_GENERATION_FIELDS,
}

SETUP: Schema = {
    "model": STRING,
    "generationConfig": GENERATION_CONFIG,
    "systemInstruction": CONTENT,
    "tools": [TOOL],
    "realtimeInputConfig": {
        "automaticActivityDetection": {
            "disabled": BOOL,
            "startOfSpeechSensitivity": ENUM,
            "endOfSpeechSensitivity": ENUM,
            "prefixPaddingMs": INT32,
            "silenceDurationMs": INT32,
        },
        "activityHandling": ENUM,
        "turnCoverage": ENUM,
        "interimTranscriptTimestampEnabled": BOOL,
    },
    "sessionResumption": {"handle": STRING, "transparent": BOOL},
    "contextWindowCompression": {
        "triggerTokens": INT64,
        "slidingWindow": {"targetTokens": INT64},
    },
    "inputAudioTranscription": TRANSCRIPTION,
    "outputAudioTranscription": TRANSCRIPTION,
    "proactivity": {"proactiveAudio": BOOL, "proactiveVideo": BOOL},
    "explicitVadSignal": BOOL,
    "historyConfig": {"initialHistoryInClientContent": BOOL},
    "avatarConfig": {
        "avatarName": STRING,
        "customizedAvatar": {"imageMimeType": STRING, "imageData": BYTES},
        "audioBitrateBps": INT32,
        "videoBitrateBps": INT32,
    },
    "safetySettings": [{"category": ENUM, "threshold": ENUM, "method": ENUM}],
    "labels": MapOf(STRING),
}

REALTIME_INPUT: Schema = {
    "audio": BLOB,
    "audioStreamEnd": BOOL,
    "activityStart": {},
    "activityEnd": {},
    "text": STRING,
    "video": BLOB,
    "mediaChunks": [BLOB],
}

CLIENT_MESSAGE: Schema = {
    "setup": SETUP,
    "clientContent": {"turns": [CONTENT], "turnComplete": BOOL},
    "realtimeInput": REALTIME_INPUT,
    "toolResponse": {"functionResponses": [FUNCTION_RESPONSE]},
    "contextUpdate": {"systemInstruction": CONTENT, "tools": {"tools": [TOOL]}},
}
