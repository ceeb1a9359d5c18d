"""How the school follows its families: figures, lists, reminders, exports, forecasts."""
