"""Everything the painter can draw, by name."""

from collections.abc import Mapping

from limner.engines.painter.subjects.animals import WALKERS
from limner.engines.painter.subjects.buildings import BUILDINGS
from limner.engines.painter.subjects.heavens import HEAVENS
from limner.engines.painter.subjects.objects import OBJECTS
from limner.engines.painter.subjects.people import PEOPLE
from limner.engines.painter.subjects.plants import PLANTS
from limner.engines.painter.subjects.sea_life import SEA_LIFE
from limner.engines.painter.subjects.thing import Thing
from limner.engines.painter.subjects.vehicles import VEHICLES
from limner.engines.painter.subjects.wild import WILD
from limner.engines.painter.subjects.winged import WINGED

THINGS: Mapping[str, Thing] = {
    **PEOPLE,
    **WALKERS,
    **WILD,
    **WINGED,
    **SEA_LIFE,
    **VEHICLES,
    **BUILDINGS,
    **PLANTS,
    **OBJECTS,
    **HEAVENS,
}

__all__ = ["THINGS", "Thing"]
