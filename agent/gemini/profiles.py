"""What each model allows, and the check of a setup against it, under one name."""

from agent.gemini.models import MODELS, Profile, Surface, model_id, profile_for
from agent.gemini.rules import check, refuse

__all__ = ["MODELS", "Profile", "Surface", "check", "model_id", "profile_for", "refuse"]
