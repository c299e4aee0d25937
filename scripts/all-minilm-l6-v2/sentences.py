"""The sentences that record.py embeds; a module beside it."""

import random

PEOPLE = """a young woman;two children;my neighbour;the old fisherman;a tired nurse;the prime minister;a group of tourists;our teacher;
the goalkeeper;a software engineer;the librarian;an unknown painter;three firefighters;a street musician;the bride""".split(";")
DEEDS = """is reading;has lost;wants to buy;is looking for;repaired;painted;cannot find;is carrying;sold;forgot;is photographing;
explained;dropped;is washing;was given""".split(";")
THINGS = """a red bicycle;the morning newspaper;an expensive camera;a map of the city;two cups of coffee;the broken window;a birthday cake;
an umbrella;the quarterly report;a wooden boat;her grandmother's recipe;a basket of apples;the front door key;a violin;an old photograph""".split(";")
PLACES = """at the railway station;in a crowded market;on the beach;behind the church;near the harbour;in the kitchen;under the bridge;
at the airport;in the middle of the night;during the storm;before breakfast;on the third floor;in Lisbon;at the hospital;by the river""".split(";")
QUESTIONS = """How do I cancel my subscription?;What is the capital of Australia?;Why is the sky blue?;Which planet has the most moons?;
Who wrote the novel about the white whale?;How long should I boil an egg?;Where can I park near the stadium?;Is it safe to drink tap water here?;
What does this error message mean?;How many bones does a human have?;When was the telephone invented?;Can dogs eat chocolate?;
What is the difference between a crocodile and an alligator?;How can I improve my credit score?;Why does my laptop get so hot?""".split(";")
FACTS = """The mitochondrion produces most of the cell's energy.;Interest rates rose by a quarter of a percentage point on Thursday.;
The battery lasts about eleven hours on a single charge.;Gradient descent converges slowly when the curvature differs between directions.;
The treaty was signed in 1648 and ended thirty years of war.;Add the flour slowly and stir until the dough is smooth.;
The defendant was acquitted for lack of evidence.;Heavy rain is expected in the north from Tuesday evening.;
The patient was given 500 mg of paracetamol twice a day.;The function returns null if the key is not in the map.;
Sales of electric cars doubled within a year.;The orchestra played the symphony without its conductor.;
Water boils at a lower temperature on high mountains.;The museum is closed on Mondays and public holidays.;
The train to Edinburgh departs from platform nine.;Bees can see ultraviolet light.;The roof of the stadium was damaged by hail.;
An index over the vectors makes the search faster and a little less exact.;He scored the winning goal in the last minute.;
The contract may be terminated by either party with thirty days' notice.""".split(";")
OTHER_LANGUAGES = """Der Hund schläft unter dem Tisch.;Wo ist der nächste Bahnhof?;Die Straße war wegen des Schnees gesperrt.;
Le chat dort sur le canapé.;Où se trouve la bibliothèque ?;L'été dernier, nous avons visité la Bretagne.;El niño juega en el jardín con su hermana.;
¿Cuánto cuesta este libro?;La reunión empieza a las diez y media.;Il gatto nero attraversa la strada.;Vorrei un caffè, per favore.;
O menino comprou pão na padaria.;Não há lugares livres no comboio.;De fiets staat achter het huis.;Kan jag få räkningen, tack?;
Kissa nukkuu ikkunalaudalla.;Kot śpi na parapecie.;Gdzie jest najbliższa apteka?;Pes běží přes most.;A kutya a kertben alszik.;
Köpek bahçede uyuyor.;İstanbul'da hava bugün çok güzel.;Собака спит под столом.;Где находится ближайшая станция метро?;
Книга лежит на столе у окна.;Собака спить під столом.;Ο σκύλος κοιμάται κάτω από το τραπέζι.;Πού είναι ο σταθμός;
الكلب ينام تحت الطاولة.;أين أقرب محطة قطار؟;הכלב ישן מתחת לשולחן.;कुत्ता मेज़ के नीचे सो रहा है।;निकटतम स्टेशन कहाँ है?;
สุนัขนอนอยู่ใต้โต๊ะ;สถานีรถไฟอยู่ที่ไหน;Con chó đang ngủ dưới gầm bàn.;Anjing itu tidur di bawah meja.;狗在桌子下面睡觉。;最近的地铁站在哪里？;
犬がテーブルの下で寝ています。;駅はどこですか。;개가 탁자 아래에서 자고 있다.;가장 가까운 역이 어디예요?""".split(";")
ODD = [
    "",
    " ",
    "?",
    "a",
    "OK",
    "42",
    "HELLO WORLD",
    "hello   world",
    "hello\nworld\tagain",
    "naïve café, cafe\u0301",
    "👍🏽 great 🎉🎉 thanks ❤️",
    "👩\u200d👩\u200d👧",
    "https://www.example.com/a/b-c?d=1&e=2#f",
    "someone@example.com",
    "SELECT name FROM users WHERE id = 1;",
    "if (x < 0) { return -x; }",
    "!!!!!!!!!!",
    "3.14159 1,000,000 50% $9.99 -40 °C",
    "[CLS] typed by hand [SEP] [MASK]",
    "non\u00a0breaking\u2003spaces\u3000and\u200bzero\u00adwidth",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "a" * 150,
    "AT&amp;T &lt;b&gt; R&D",
    "“curly” ‘quotes’ – and — dashes…",
]


def make_sentences(count: int = 500) -> list[str]:
    """Gives `count` different sentences, the same at every call: odd ones, facts, other languages, long ones, plain ones."""
    draw = random.Random(384)

    def plain() -> str:
        parts = [draw.choice(choices).strip() for choices in (PEOPLE, DEEDS, THINGS, PLACES)]
        return f"{' '.join(parts)}.".capitalize() if draw.random() < 0.8 else " ".join(parts[: draw.randint(1, 3)])

    def long(sentences: int) -> str:
        return " ".join(draw.choice([plain, lambda: draw.choice(FACTS).strip()])() for _ in range(sentences))

    listed = [sentence.strip() for sentence in [*QUESTIONS, *FACTS, *OTHER_LANGUAGES]]
    # The model takes 256 tokens, some twenty of these sentences.
    sentences = dict.fromkeys([*ODD, *listed, *(long(length) for length in range(2, 42))])
    while len(sentences) < count:
        sentences.setdefault(plain())
    return [*sentences][:count]
