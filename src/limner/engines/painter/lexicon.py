"""The words the painter knows, and what each means to it. docs/painter.md shows these tables."""

from __future__ import annotations

from collections.abc import Mapping

THING_WORDS: Mapping[str, str] = {
    "astronaut": "astronaut cosmonaut spaceman spacewoman",
    "person": "person human man woman boy girl child kid figure traveller traveler hiker walker farmer fisherman",
    "robot": "robot android droid automaton",
    "snowman": "snowman",
    "ghost": "ghost phantom spectre specter",
    "wizard": "wizard sorcerer mage magician",
    "knight": "knight paladin",
    "horse": "horse pony stallion mare",
    "unicorn": "unicorn",
    "fox": "fox vixen",
    "wolf": "wolf husky",
    "cat": "cat kitten kitty tomcat",
    "dog": "dog puppy hound",
    "rabbit": "rabbit bunny hare",
    "bear": "bear grizzly",
    "polar bear": "polar bear|ice bear|white bear",
    "panda": "panda|giant panda|panda bear",
    "deer": "deer stag doe reindeer elk moose",
    "elephant": "elephant",
    "cow": "cow bull calf cattle ox",
    "sheep": "sheep lamb ewe",
    "lion": "lion",
    "giraffe": "giraffe",
    "pig": "pig piglet hog",
    "turtle": "turtle tortoise",
    "frog": "frog toad",
    "camel": "camel dromedary",
    "dinosaur": "dinosaur brontosaurus dino",
    "dragon": "dragon",
    "penguin": "penguin",
    "hedgehog": "hedgehog",
    "mouse": "mouse",
    "bird": "bird swallow seagull gull dove pigeon eagle sparrow robin raven crow parrot hawk",
    "owl": "owl",
    "duck": "duck duckling|rubber duck|mallard",
    "swan": "swan goose",
    "butterfly": "butterfly moth",
    "bee": "bee bumblebee honeybee",
    "bat": "bat",
    "fish": "fish goldfish clownfish salmon koi",
    "whale": "whale|blue whale|humpback",
    "dolphin": "dolphin porpoise",
    "shark": "shark",
    "octopus": "octopus squid kraken",
    "jellyfish": "jellyfish",
    "crab": "crab lobster",
    "starfish": "starfish",
    "coral": "coral",
    "sailboat": "sailboat|sailing boat|sail boat|boat|yacht|dinghy|sailing ship",
    "rowboat": "rowboat|rowing boat|row boat|canoe|kayak|gondola|fishing boat",
    "ship": "ship|steamship|ferry|ocean liner|cruise ship|steamer",
    "submarine": "submarine|yellow submarine",
    "car": "car automobile taxi beetle",
    "bus": "bus coach",
    "truck": "truck lorry van",
    "train": "train locomotive|steam train|steam engine|railway",
    "bicycle": "bicycle bike",
    "motorcycle": "motorcycle motorbike moped scooter",
    "balloon": "hot air balloon|hot-air balloon|balloon|air balloon|airship",
    "airplane": "airplane|aeroplane|plane|jet|aircraft",
    "helicopter": "helicopter chopper",
    "rocket": "rocket|spaceship|space ship|spacecraft|rocket ship|space shuttle|starship",
    "ufo": "ufo|flying saucer|saucer|alien ship",
    "house": "house cottage home hut cabin farmhouse",
    "lighthouse": "lighthouse",
    "castle": "castle fortress palace citadel",
    "windmill": "windmill mill",
    "bridge": "bridge",
    "tent": "tent",
    "igloo": "igloo",
    "church": "church chapel cathedral",
    "barn": "barn",
    "torii": "torii|torii gate|japanese gate|shrine",
    "pagoda": "pagoda temple",
    "pyramid": "pyramid",
    "skyscraper": "skyscraper|tower|office tower|tower block",
    "tree": "tree oak maple willow birch",
    "pine": "pine|fir|spruce|conifer|pine tree|fir tree|christmas tree",
    "palm": "palm|palm tree|coconut tree",
    "blossom tree": "cherry tree|blossom tree|cherry blossom|cherry blossom tree|sakura|apple tree",
    "flower": "flower|daisy|blossom|wildflower|poppy|lily|orchid",
    "sunflower": "sunflower",
    "tulip": "tulip",
    "rose": "rose",
    "cactus": "cactus saguaro",
    "mushroom": "mushroom toadstool fungus",
    "pumpkin": "pumpkin|jack o lantern|jack-o-lantern",
    "bush": "bush shrub hedge",
    "bamboo": "bamboo",
    "book": "book novel tome diary notebook",
    "teapot": "teapot kettle",
    "cup": "cup|mug|teacup|coffee|tea|cup of tea|cup of coffee|coffee cup",
    "apple": "apple",
    "orange": "tangerine|mandarin|orange fruit|clementine",
    "candle": "candle",
    "lantern": "lantern|oil lamp",
    "clock": "clock|alarm clock|watch",
    "cake": "cake|birthday cake",
    "gift": "gift present parcel",
    "crown": "crown tiara",
    "key": "key",
    "vase": "vase|bouquet|vase of flowers|flower vase",
    "guitar": "guitar ukulele",
    "campfire": "campfire|bonfire|fire|camp fire",
    "umbrella": "umbrella parasol",
    "chest": "treasure|treasure chest|chest",
    "chair": "chair stool",
    "bench": "bench|park bench",
    "box": "box|cardboard box|crate",
    "lamp": "street lamp|streetlamp|lamp post|lamppost|lamp|street light|streetlight",
    "heart": "heart",
    "kite": "kite",
    "toy balloon": "toy balloon|party balloon|helium balloon",
    "moon": "moon|full moon",
    "crescent": "crescent|crescent moon|new moon|half moon",
    "sun": "sun",
    "star": "star",
    "planet": "planet|saturn|jupiter|mars|ringed planet",
    "earth": "earth|planet earth|globe",
    "comet": "comet|shooting star|meteor|falling star",
}
"""Each thing with its names, split by | where a name has several words."""

SAME_IN_PLURAL = frozenset({"fish", "sheep", "deer", "cattle", "salmon", "koi", "goldfish", "clownfish", "jellyfish"})

COLOURS: Mapping[str, str] = {
    "red": "#d2372f", "scarlet": "#e0301e", "crimson": "#b3192f", "orange": "#ee8424", "yellow": "#f2c530",
    "gold": "#dfae3a", "golden": "#e3b341", "green": "#4d9a46", "emerald": "#1f9e6b", "olive": "#85893d",
    "teal": "#1f8a8c", "turquoise": "#2fb9b4", "cyan": "#36bfd6", "blue": "#2f6fc4", "azure": "#3d8fe6",
    "navy": "#24386f", "indigo": "#48389c", "purple": "#7a42b3", "violet": "#8650c4", "lilac": "#b996dd",
    "lavender": "#ab98df", "magenta": "#cc3c9b", "pink": "#ef86ad", "rosy": "#ea7f9c", "brown": "#835434",
    "tan": "#c9a06e", "beige": "#e3d0a8", "cream": "#f7ecd0", "white": "#f7f7f2", "ivory": "#f6f0dc",
    "silver": "#bfc7d0", "grey": "#8d949d", "gray": "#8d949d", "black": "#2c2c34", "ginger": "#d7792f",
    "copper": "#b8693a", "bronze": "#a2763c", "maroon": "#7d2332", "coral": "#f27e66", "peach": "#f8b98f",
}  # fmt: skip

COUNTS: Mapping[str, int] = {
    "a": 1, "an": 1, "one": 1, "single": 1, "lone": 1, "lonely": 1, "two": 2, "pair": 2, "couple": 2, "both": 2,
    "three": 3, "trio": 3, "few": 3, "four": 4, "several": 4, "some": 3, "five": 5, "six": 6, "seven": 7, "many": 8,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "dozen": 12, "twelve": 12, "lots": 10, "twenty": 20, "herd": 6,
    "flock": 9, "group": 5, "fleet": 7, "school": 9, "swarm": 10, "bunch": 6, "hundred": 100, "hundreds": 100,
    "thousand": 1000, "thousands": 1000,
}  # fmt: skip

SIZES: Mapping[str, float] = {
    "tiny": 0.45, "miniature": 0.45, "mini": 0.5, "little": 0.65, "small": 0.65, "distant": 0.45, "faraway": 0.45,
    "big": 1.35, "large": 1.35, "tall": 1.3, "great": 1.3, "huge": 1.75, "giant": 1.75, "gigantic": 1.9,
    "enormous": 1.85, "massive": 1.75, "colossal": 1.9,
}  # fmt: skip

TIMES: Mapping[str, str] = {
    "dawn": "dawn|sunrise|daybreak|early morning|first light",
    "day": "day|daytime|daylight|morning|sunny|bright|clear sky|blue sky",
    "noon": "noon|midday|high noon",
    "golden": "golden hour|afternoon|late afternoon|evening light|sunlit",
    "sunset": "sunset|sundown|setting sun|evening",
    "dusk": "dusk|twilight|blue hour|nightfall|gloaming",
    "night": "night|midnight|nighttime|moonlit|moonlight|starry|night sky|starlit|dark",
}

WEATHERS: Mapping[str, str] = {
    "rain": "rain|rainy|raining|drizzle|shower|downpour|wet",
    "snow": "snow|snowy|snowing|snowfall|snowflake|blizzard",
    "fog": "fog|foggy|mist|misty|haze|hazy",
    "storm": "storm|stormy|thunderstorm|thunder|lightning|tempest",
    "overcast": "overcast|cloudy|grey sky|gray sky|gloomy",
    "clouds": "cloud|clouds|puffy clouds",
    "rainbow": "rainbow",
    "aurora": "aurora|northern lights|aurora borealis|polar lights",
    "wind": "wind|windy|breeze|breezy",
    "clear": "clear|cloudless",
}

PLACES: Mapping[str, str] = {
    "mountains": "mountain|alps|peak|summit|alpine|cliff|range|fjord",
    "hills": "hill|hilly|valley|countryside|downs|landscape|farm|farmland|vineyard",
    "sea": "sea|ocean|wave|bay|harbour|harbor|coast|open sea|seascape",
    "beach": "beach|shore|seaside|sand|island|tropical|tropics|coastline",
    "lake": "lake|pond|lagoon",
    "river": "river|stream|creek|brook",
    "forest": "forest|wood|woods|woodland|jungle|grove|trees",
    "desert": "desert|dune|sahara|oasis|canyon",
    "meadow": "meadow|field|grass|grassland|prairie|park|garden|pasture|lawn|savanna|savannah",
    "city": "city|skyline|cityscape|downtown|skyscraper|street|urban|metropolis|town",
    "village": "village|hamlet",
    "space": "space|outer space|galaxy|nebula|cosmos|universe|milky way|orbit|cosmic",
    "moon": "on the moon|the moon surface|lunar|moon surface|lunar surface",
    "underwater": "underwater|under water|under the sea|deep sea|coral reef|reef|seabed|undersea|aquarium",
    "arctic": "arctic|antarctic|antarctica|north pole|south pole|iceberg|ice|glacier|polar|tundra|frozen",
    "table": "table|desk|still life|indoors|room|kitchen|windowsill|shelf",
}

SEASONS: Mapping[str, str] = {
    "spring": "spring|springtime",
    "summer": "summer|summertime",
    "autumn": "autumn|autumnal|fall",
    "winter": "winter|wintry|wintertime|frosty|snow covered|snowy landscape",
}

STYLES: Mapping[str, str] = {
    "watercolour": "watercolour|watercolor|aquarelle|watercolour painting|watercolor painting|gouache",
    "oil": "oil|oil painting|oils|impressionist|impressionism|impasto|acrylic|oil on canvas",
    "ink": "ink|ink drawing|sumi|pen and ink|ink wash|calligraphy|brush drawing",
    "pencil": "pencil|sketch|pencil drawing|pencil sketch|charcoal|graphite",
    "pixel": "pixel|pixel art|pixelated|pixel-art|8-bit|8 bit|16-bit|16 bit|retro game",
    "flat": "flat|flat design|minimalist|minimal|vector|paper cut|papercut|poster",
    "neon": "neon|synthwave|cyberpunk|vaporwave|retrowave|glowing",
    "woodcut": "woodcut|wood cut|linocut|engraving|etching|woodblock|block print",
    "glass": "stained glass|stained-glass|mosaic|glass window",
}

RELATIONS: Mapping[str, str] = {
    "on": "on|riding|rides|ride|atop|on top of|upon|astride|sitting on|standing on|on the back of|mounted on",
    "in": "in|inside|into|within|sailing in|rowing",
    "under": "under|beneath|below|underneath",
    "above": "above|over|flying over|floating over|hovering over",
    "beside": "beside|next to|near|by|with|and|alongside|between|around|at|facing|watching|looking at|chasing|following",
    "behind": "behind",
    "before": "in front of|before",
}

WATER_MOODS: Mapping[str, str] = {
    "calm": "calm|still|quiet|peaceful|serene|tranquil|glassy",
    "rough": "rough|choppy|wild|raging|turbulent",
}

NO: frozenset[str] = frozenset({"no", "without", "minus"})
"""What comes right after these is left out."""

STOP_WORDS: frozenset[str] = frozenset(
    """
    the this that these those of to for from as is are was be being it its his her their our my your and or but so
    very really quite more most much with over at into up down out off there here where while who which then than
    i me we you he she they please paint draw make show create generate picture image painting drawing illustration
    artwork art scene view background foreground style style-of beautiful pretty lovely nice gorgeous stunning
    wonderful amazing full bright light lots only just also all every each across through along during against
    colour color coloured colored colourful colorful palette sky ground land sitting standing flying running walking
    swimming floating sailing sleeping resting lying hanging jumping looking stands sits flies runs walks swims
    floats sails sleeps s t in by on a an time front top side left right middle centre center high low world
    holding wearing sun's moon's covered filled made has have having under hour set
    """.split()
)
"""Words that may go unread without anything missing from the picture."""
