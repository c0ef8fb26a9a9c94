"""People who keep editing their Outlook calendars."""

from datetime import timedelta

from emulator.common import lively

from . import event_write
from .demo import Diary, diary_of
from .expansion import itself
from .model import Item
from .world import World


class Lively(lively.Lively[World, Diary, Item]):
    """Edits as the owner of the calendar makes them in Outlook."""

    def open_diary(self) -> tuple[Diary, list[Item]] | None:
        """Any calendar."""
        calendars = list(self.world.store.calendars.values())
        if not calendars:
            return None
        calendar = self.rng.choice(calendars)
        person = self.world.store.people[calendar.owner]
        now = self.world.clock.now()
        coming = [
            item
            for item in calendar.items.values()
            if not item.is_series and not item.all_day and item.span()[0] > now
        ]
        return diary_of(self.world, person, calendar), coming

    def move(self, diary: Diary, event: Item, shift: timedelta) -> None:
        """In wall time."""
        times = diary.times(event.start + shift, event.end + shift)
        event_write.patch(diary.write, itself(event), times)

    def rename(self, diary: Diary, event: Item, title: str) -> None:
        """Another subject."""
        event_write.patch(diary.write, itself(event), {"subject": title})

    def cancel(self, diary: Diary, event: Item) -> None:
        """Gone at once."""
        event_write.delete(diary.write, itself(event))
