# Run in `pretix shell`: an organizer and the token of a team that may do everything there. The API can make neither.
from pretix.base.models import Organizer, Team

organizer = Organizer.objects.create(name="Big Events", slug="bigevents")
team = Team.objects.create(organizer=organizer, name="Exports", all_events=True, all_event_permissions=True, all_organizer_permissions=True)
print("token", team.tokens.create(name="longhaul").token)
