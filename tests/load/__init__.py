"""make load: clients ask a real server for minutes, it is killed meanwhile, and every answer is checked."""
