"""Whether an encoder puts a sentence where its translation is, tried on a few."""

from collections.abc import Callable, Sequence

import numpy as np

# English, then the same in French, German and Spanish: everyday matters, as few cognates as can be.
PARALLEL = (
    ("The bridge was closed because of the snow.", "Le pont a été fermé à cause de la neige.",
     "Die Brücke wurde wegen des Schnees gesperrt.", "El puente se cerró a causa de la nieve."),
    ("She bought bread and milk yesterday.", "Hier, elle a acheté du pain et du lait.",
     "Gestern kaufte sie Brot und Milch.", "Ayer compró pan y leche."),
    ("How many children live in this house?", "Combien d’enfants habitent cette maison ?",
     "Wie viele Kinder wohnen in diesem Haus?", "¿Cuántos niños viven en esta casa?"),
    ("The king lost the war and fled.", "Le roi perdit la guerre et s’enfuit.",
     "Der König verlor den Krieg und floh.", "El rey perdió la guerra y huyó."),
    ("Most workers earn less than they did ten years ago.", "La plupart des ouvriers gagnent moins qu’il y a dix ans.",
     "Die meisten Arbeiter verdienen weniger als vor zehn Jahren.",
     "La mayoría de los trabajadores ganan menos que hace diez años."),
    ("Who wrote the book about birds?", "Qui a écrit le livre sur les oiseaux ?",
     "Wer hat das Buch über Vögel geschrieben?", "¿Quién escribió el libro sobre los pájaros?"),
    ("Wash your hands before you eat.", "Lavez-vous les mains avant de manger.",
     "Wasche dir vor dem Essen die Hände.", "Lávate las manos antes de comer."),
    ("The new law comes into force in spring.", "La nouvelle loi entrera en vigueur au printemps.",
     "Das neue Gesetz tritt im Frühjahr in Kraft.", "La nueva ley entrará en vigor en primavera."),
    ("The doctor says that her heart is weak.", "Selon le médecin, son cœur est faible.",
     "Der Arzt sagt, dass ihr Herz schwach ist.", "El médico dice que su corazón está débil."),
    ("Turn the key and push the door.", "Tournez la clé et poussez la porte.",
     "Drehen Sie den Schlüssel und drücken Sie die Tür auf.", "Gire la llave y empuje la puerta."),
    ("The light of the sun takes eight minutes to reach us.", "La lumière du soleil met huit minutes à nous parvenir.",
     "Das Licht der Sonne braucht acht Minuten bis zu uns.",
     "La luz del sol tarda ocho minutos en llegar hasta nosotros."),
    ("Our team has not won a game since last summer.", "Notre équipe n’a pas gagné un match depuis l’été dernier.",
     "Unsere Mannschaft hat seit letztem Sommer kein Spiel gewonnen.",
     "Nuestro equipo no ha ganado un partido desde el verano pasado."),
)  # fmt: skip
ENOUGH = 0.9


def matched(encode: Callable[[Sequence[str]], np.ndarray]) -> float:
    """The share of French, German and Spanish sentences that lie nearest their own English translation.

    `encode` gives unit vectors, one row a text.
    """
    english = encode([row[0] for row in PARALLEL])
    others = encode([text for row in PARALLEL for text in row[1:]])
    of = np.repeat(np.arange(len(PARALLEL)), len(PARALLEL[0]) - 1)
    return float(np.mean((others @ english.T).argmax(axis=1) == of))


def is_multilingual(encode: Callable[[Sequence[str]], np.ndarray]) -> bool:
    """Whether nine in ten of them do."""
    return matched(encode) >= ENOUGH
