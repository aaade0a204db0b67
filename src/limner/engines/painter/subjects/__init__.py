"""Everything the painter can draw, by name."""

from collections.abc import Mapping

from limner.engines.painter.subjects.animals import WALKERS
from limner.engines.painter.subjects.buildings import BUILDINGS
from limner.engines.painter.subjects.objects import OBJECTS
from limner.engines.painter.subjects.people import PEOPLE
from limner.engines.painter.subjects.plants import PLANTS
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.subjects.vehicles import VEHICLES

THINGS: Mapping[str, Thing] = {**PEOPLE, **WALKERS, **VEHICLES, **BUILDINGS, **PLANTS, **OBJECTS}

__all__ = ["THINGS", "Thing"]
