import { memo } from "react";
import { MOTIFS, type Motif, type MotifName } from "./motifs";

/** Where the words of a product's id lead; the first that fits. */
const WORDS: readonly [RegExp, MotifName][] = [
  [/keypad|senior-phone/, "keypad"],
  [/tablets|paracetamol/, "strip"],
  [/charger|stand|inverter|plug/, "plug"],
  [/cable|rope/, "cable"],
  [/power-bank|battery$/, "battery"],
  [/phone-cover|smartphone|glass$|tablet-11/, "phone"],
  [/laptop/, "laptop"],
  [/tv|monitor|webcam/, "screen"],
  [/phones|earbuds/, "headphones"],
  [/speaker|soundbar|piano/, "speaker"],
  [/watch/, "watch"],
  [/printer|router|keyboard|mouse$|drive|card$|sewing/, "device"],
  [/bulb|light$/, "bulb"],
  [/fan|cooler|ac$/, "fan"],
  [/fridge|almirah/, "fridge"],
  [/washing-machine|microwave/, "washer"],
  [/cooker|kettle|heater|grinder|stove|toy-kitchen/, "cooker"],
  [/kadai|tawa|pan$|idli|iron$/, "pan"],
  [/dinner|masala-dabba|rolling|knife|scrubber/, "plates"],
  [/cup|tea$|coffee/, "cup"],
  [/bottle|oil$|ghee|soda|shampoo|conditioner|syrup|mouthwash|flask|hand-wash|drops|repellent/, "bottle"],
  [/jar|tiffin|container|chyawanprash|churna|powder|balm|play-dough/, "jar"],
  [/rice|atta|dal$/, "sack"],
  [/jaggery|sugar|salt/, "block"],
  [/onion|tomato/, "round"],
  [/agarbatti/, "smoke"],
  [/henna|leaf|neem/, "leaf"],
  [/biscuit|bindi|ors|diapers|pads$|bandages|sachets|lozenges|swabs|cotton-roll/, "packet"],
  [/saree|dhoti|bedsheet|quilt|pillow/, "sari"],
  [/kurta|kurti|sherwani|suit|salwar/, "kurta"],
  [/shirt|jacket/, "shirt"],
  [/jeans|gloves|batting-pads/, "trousers"],
  [/frock|lehenga|doll/, "frock"],
  [/shoe(?!-rack)|chappal/, "shoe"],
  [/bag/, "bag"],
  [/umbrella/, "umbrella"],
  [/anklet|rings/, "anklet"],
  [/soap/, "soap"],
  [/cream|lotion|paste|face|colour/, "tube"],
  [/lipstick|kajal|polish|trimmer/, "stick"],
  [/brush/, "brush"],
  [/pencil|crayon|pens|geometry|eraser|sharpener/, "pencil"],
  [/ball|helmet/, "ball"],
  [/bat$|stumps|hockey/, "bat"],
  [/racket|shuttle|table-tennis/, "racket"],
  [/dumbbell/, "weights"],
  [/bicycle|tricycle/, "wheel"],
  [/mat$|mattress/, "mat"],
  [/chair|stool/, "chair"],
  [/table|dining/, "table"],
  [/bed|cot$|cradle/, "bed"],
  [/sofa/, "sofa"],
  [/shelf|rack/, "shelf"],
  [/curtain/, "drape"],
  [/top$/, "top"],
  [/blocks|cube|puzzle/, "blocks"],
  [/bear/, "bear"],
  [/car$|train/, "car"],
  [/kite/, "kite"],
  [/board|chess/, "board"],
  [/doctor|antiseptic|bandage|gauze/, "plus"],
  [/thermometer|water-gun/, "gauge"],
  [/glasses|goggles/, "glasses"],
];
/** Each shelf has its colour on the wheel, and a thing that stands for it. */
export const SHELVES: Record<string, { turn: number; motif: MotifName }> = {
  mobiles: { turn: 275, motif: "phone" },
  electronics: { turn: 245, motif: "headphones" },
  appliances: { turn: 210, motif: "fan" },
  kitchen: { turn: 45, motif: "cooker" },
  grocery: { turn: 95, motif: "sack" },
  fashion: { turn: 350, motif: "sari" },
  beauty: { turn: 330, motif: "tube" },
  books: { turn: 60, motif: "book" },
  toys: { turn: 25, motif: "kite" },
  sports: { turn: 150, motif: "bat" },
  furniture: { turn: 75, motif: "chair" },
  medicines: { turn: 180, motif: "strip" },
};

function number(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum;
}

/** What is printed behind: a block repeated, another one for each thing. */
const PRINTS = [
  "M8 3l5 5-5 5-5-5z",
  "M8 4a4 4 0 1 0 .01 0M8 0v2M8 14v2M0 8h2M14 8h2",
  "M0 16q8-16 16 0M0 8q8-16 16 0",
  "M8 2v12M2 8h12M4 4l8 8M12 4l-8 8",
  "M0 12l8-8 8 8M0 16l8-8 8 8",
];

/** `motif:phone` is that motif itself, for the page that shows them all. */
function namedIn(id: string): MotifName | undefined {
  const name = id.replace("motif:", "");
  return id !== name && name in MOTIFS ? (name as MotifName) : undefined;
}

/**
 * A drawing of a thing, or of a shelf, instead of a photograph: always the same for the same thing, and nothing pretends to be a picture of it.
 * Decoration to a screen reader; the name stands beside it.
 */
export const Art = memo(function Art({ id }: { id: string }) {
  const shelf = SHELVES[id];
  const seed = number(id);
  const name: MotifName = shelf?.motif ?? namedIn(id) ?? WORDS.find(([word]) => word.test(id))?.[1] ?? "packet";
  const motif: Motif = MOTIFS[name];
  const turn = shelf?.turn ?? (number(name) + (seed % 7) * 9) % 360;
  const print = `p${seed}`;
  return (
    <svg
      className="art"
      viewBox="0 0 100 100"
      aria-hidden="true"
      focusable="false"
      style={{ "--turn": turn } as React.CSSProperties}
    >
      <defs>
        <pattern
          id={print}
          width="16"
          height="16"
          patternUnits="userSpaceOnUse"
          patternTransform={`rotate(${(seed % 4) * 15})`}
        >
          <path className="print" d={PRINTS[seed % PRINTS.length]} />
        </pattern>
      </defs>
      <rect width="100" height="100" fill={`url(#${print})`} />
      <g transform="translate(18 18)" fillRule="evenodd">
        {motif.map(([ink, d]) => (
          <path key={ink + d} d={d} fill={`var(--${ink})`} />
        ))}
      </g>
    </svg>
  );
});
