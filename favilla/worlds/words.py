"""Short everyday English words for text problems. None of them occurs in a prompt's wording or in a solution's."""

from __future__ import annotations

_TEXT = """
acorn almond amber anchor ankle apple apron arena atlas attic bacon badge bagel bamboo banjo barn basil basket
beach bean bear berry bird bison blanket boat bolt bonnet boot bottle branch bread brick bridge broom brush bubble
bucket bugle bus butter cabin cactus camel candle canoe canyon cape carpet carrot castle cat cedar cello chalk
cherry chess chimney circus clay cliff clock cloud clover coal coast cobra coin comet coral cotton couch cow crab
crane crayon cricket crow crown cube curtain daisy dawn deer desert dew diamond dog dolphin donkey dragon dream drum
duck eagle ebony elbow elm ember engine falcon feather fern fig finch fire flag flame flute foam fog forest fork
fossil fox frog frost garden garlic gate ghost ginger glacier globe glove goat goose grape grass gravel guitar gull
hammer harbor harp hawk hazel heron hill honey hood horse hotel igloo iris iron island ivory ivy jacket jade jar
jelly jewel juice jungle kayak kettle kite kiwi knee lake lamp lantern lark lava lemon lily lime lion lobster locket
lotus magnet mango maple marble meadow melon mint mirror mist moon moose moss moth mouse mug muffin mule nectar
needle nest noodle oak oasis oat ocean olive onion opal orchid otter owl oyster paddle palm panda paper parrot peach
peanut pear pearl pebble pencil pepper piano pigeon pillow pine planet plum pond pony poppy potato prairie pumpkin
puppy quail quartz quilt rabbit radio raft rain raven reef ribbon rice river robin rocket rose ruby saddle salmon
salt sand scarf seal shark sheep shell silk silver skate sky sled snail snow sofa spider spoon spruce squid star
stone stork storm sugar swan tent thorn tiger toast tomato tower trail train trout tulip tunnel turtle umbrella
valley vase velvet violet violin wagon walnut walrus wasp water whale wheat willow window wolf wood wool yarn zebra
"""

WORDS: tuple[str, ...] = tuple(_TEXT.split())
