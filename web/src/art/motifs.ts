/** Things as a block printer would cut them: each a few shapes on a field of 64 by 64, in four inks. */
export type Ink = "deep" | "mid" | "pale" | "spark";
export type Motif = readonly (readonly [Ink, string])[];

const box = (x: number, y: number, w: number, h: number, r = 2) =>
  `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1-${r} ${r}h-${w - 2 * r}a${r} ${r} 0 0 1-${r}-${r}v-${h - 2 * r}a${r} ${r} 0 0 1 ${r}-${r}z`;
const disc = (x: number, y: number, r: number) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0-${2 * r} 0z`;
const ring = (x: number, y: number, r: number, inner: number) => disc(x, y, r) + disc(x, y, inner);

export const MOTIFS = {
  phone: [
    ["deep", box(20, 8, 24, 48, 4)],
    ["pale", box(23, 13, 18, 34, 1)],
    ["spark", disc(32, 51.5, 2)],
    ["mid", "M23 40l6-8 5 6 3-4 4 6v7H23z"],
  ],
  keypad: [
    ["deep", box(21, 6, 22, 52, 5)],
    ["pale", box(25, 11, 14, 14, 1)],
    ["spark", [29, 36, 43, 50].map((y) => [26, 32, 38].map((x) => disc(x, y + 1, 1.7)).join("")).join("")],
  ],
  plug: [
    ["deep", box(18, 26, 28, 26, 6)],
    ["mid", box(23, 12, 5, 14, 1) + box(36, 12, 5, 14, 1)],
    ["spark", "M34 31l-8 10h6l-2 8 8-10h-6z"],
  ],
  cable: [
    ["mid", "M14 20c0 22 36 2 36 24v4h-5v-4c0-14-36 4-36-24z"],
    ["deep", box(8, 8, 12, 14, 2) + box(41, 46, 13, 12, 2)],
    ["spark", box(11, 3, 6, 5, 1)],
  ],
  battery: [
    ["deep", box(14, 18, 36, 34, 4)],
    ["mid", box(20, 12, 8, 6, 1) + box(36, 12, 8, 6, 1)],
    ["spark", "M36 24l-10 13h6l-3 10 10-13h-6z"],
  ],
  laptop: [
    ["deep", box(13, 14, 38, 27, 3)],
    ["pale", box(17, 18, 30, 19, 1)],
    ["mid", "M7 44h50l-3 6H10z"],
    ["spark", "M22 33l6-7 5 5 4-4 5 6z"],
  ],
  screen: [
    ["deep", box(7, 12, 50, 32, 3)],
    ["pale", box(10, 15, 44, 26, 1)],
    ["mid", "M20 52h24v4H20zM29 44h6v8h-6z"],
    ["spark", disc(22, 26, 5)],
    ["mid", "M10 38l12-8 10 7 10-11 12 10v5H10z"],
  ],
  headphones: [
    ["mid", "M12 38a20 20 0 0 1 40 0h-5a15 15 0 0 0-30 0z"],
    ["deep", box(9, 34, 11, 19, 4) + box(44, 34, 11, 19, 4)],
    ["spark", disc(14.5, 43.5, 2) + disc(49.5, 43.5, 2)],
  ],
  speaker: [
    ["deep", box(18, 7, 28, 50, 4)],
    ["mid", ring(32, 39, 11, 6)],
    ["pale", disc(32, 39, 5)],
    ["spark", disc(32, 18, 5)],
  ],
  watch: [
    ["mid", "M25 6h14l2 14H23zM23 44h18l-2 14H25z"],
    ["deep", disc(32, 32, 16)],
    ["pale", disc(32, 32, 12)],
    ["spark", "M31 23h2.5v9l6 4-1.3 2.2L31 33.5z"],
  ],
  device: [
    ["mid", box(16, 10, 32, 16, 2)],
    ["deep", box(9, 24, 46, 22, 4)],
    ["pale", box(18, 38, 28, 17, 1)],
    ["spark", disc(48, 31, 2)],
  ],
  bulb: [
    ["spark", "M32 7a17 17 0 0 0-9 31c2 2 3 4 3 7h12c0-3 1-5 3-7a17 17 0 0 0-9-31z"],
    ["pale", "M26 20a9 9 0 0 1 6-5v4a6 6 0 0 0-3 3z"],
    ["deep", box(26, 46, 12, 4, 1) + box(27, 51, 10, 4, 1) + box(29, 56, 6, 3, 1)],
  ],
  fan: [
    ["mid", "M32 32C24 10 36 6 40 12s-2 14-8 20zM32 32c23-4 26 8 20 11s-15-2-20-11zM32 32C17 50 8 42 11 36s13-8 21-4z"],
    ["deep", disc(32, 32, 6)],
    ["spark", disc(32, 32, 2.5)],
  ],
  fridge: [
    ["deep", box(17, 6, 30, 52, 4)],
    ["mid", box(20, 9, 24, 15, 2)],
    ["pale", box(20, 27, 24, 26, 2)],
    ["spark", box(40, 14, 2, 7, 1) + box(40, 31, 2, 10, 1)],
  ],
  washer: [
    ["deep", box(12, 8, 40, 50, 4)],
    ["pale", box(15, 11, 34, 9, 1)],
    ["mid", disc(32, 38, 15)],
    ["pale", disc(32, 38, 11)],
    ["spark", "M21 38c4-4 7 3 11 0s7-3 11 0a11 11 0 0 1-22 0z" + disc(43, 15.5, 2)],
  ],
  cooker: [
    ["deep", "M11 28h42v20a8 8 0 0 1-8 8H19a8 8 0 0 1-8-8z"],
    ["mid", "M11 26a21 12 0 0 1 42 0z"],
    ["spark", box(29, 7, 6, 9, 2)],
    ["mid", box(50, 30, 11, 5, 2)],
    ["pale", "M16 33h4v15h-4z"],
  ],
  pan: [
    ["deep", "M8 30h36a18 16 0 0 1-36 0z"],
    ["mid", box(42, 27, 19, 5, 2)],
    ["pale", "M13 30h26v3H13z"],
    ["spark", "M20 24c-3-5 3-6 0-11 6 4 1 7 4 11zM30 24c-3-5 3-6 0-11 6 4 1 7 4 11z"],
  ],
  plates: [
    ["mid", disc(32, 34, 23)],
    ["pale", disc(32, 34, 18)],
    ["deep", disc(24, 28, 5) + disc(40, 28, 5)],
    ["spark", disc(32, 42, 6)],
  ],
  cup: [
    ["deep", "M13 26h32v14a14 14 0 0 1-14 14h-4a14 14 0 0 1-14-14z"],
    ["mid", "M45 29h5a7 7 0 0 1 0 14h-6v-4h6a3 3 0 0 0 0-6h-5z"],
    ["spark", "M22 22c-4-6 4-7 0-14 7 5 1 9 4 14zM33 22c-4-6 4-7 0-14 7 5 1 9 4 14z"],
    ["pale", "M17 30h3v12h-3z"],
  ],
  bottle: [
    ["deep", "M25 14h14v6c6 4 8 8 8 14v20a4 4 0 0 1-4 4H21a4 4 0 0 1-4-4V34c0-6 2-10 8-14z"],
    ["spark", box(25, 6, 14, 8, 2)],
    ["pale", box(20, 34, 24, 15, 1)],
    ["mid", disc(32, 41.5, 5)],
  ],
  jar: [
    ["mid", box(17, 8, 30, 9, 2)],
    ["deep", box(14, 17, 36, 41, 6)],
    ["pale", box(18, 28, 28, 18, 1)],
    ["spark", disc(32, 37, 6)],
  ],
  sack: [
    ["mid", "M22 6h20l-4 9H26z"],
    ["deep", "M26 15h12c13 10 17 24 15 38a5 5 0 0 1-5 5H16a5 5 0 0 1-5-5c-2-14 2-28 15-38z"],
    ["pale", disc(32, 38, 11)],
    ["spark", "M32 46c-1-8 0-12 6-15 1 7-1 11-5 13zM32 46c1-8 0-12-6-15-1 7 1 11 5 13z"],
  ],
  packet: [
    ["deep", "M14 8l4 4 4-4 4 4 4-4 4 4 4-4 4 4 4-4v48l-4-4-4 4-4-4-4 4-4-4-4 4-4-4-4 4z"],
    ["pale", disc(31, 30, 12)],
    ["spark", "M31 40c-10-8-8-16 0-20 8 4 10 12 0 20z"],
    ["mid", "M18 46h27v3H18z"],
  ],
  leaf: [
    ["deep", "M30 54C8 42 12 22 30 8c18 14 22 34 0 46z"],
    ["mid", "M36 56c-4-18 4-28 18-30 2 16-4 26-18 30z"],
    ["spark", "M29 16h2v40h-2z"],
  ],
  block: [
    ["deep", "M12 26l20-9 20 9v22l-20 10-20-10z"],
    ["mid", "M12 26l20 9 20-9-20-9z"],
    ["pale", "M32 35l20-9v22L32 58z"],
    ["spark", disc(32, 11, 3) + disc(20, 14, 2) + disc(44, 14, 2)],
  ],
  round: [
    ["mid", disc(24, 38, 16)],
    ["deep", disc(42, 40, 15)],
    ["spark", "M24 22c0-8 4-12 10-14 1 8-3 12-10 14z"],
    ["pale", "M14 36a10 10 0 0 1 8-8v3a7 7 0 0 0-5 5zM34 40a8 8 0 0 1 6-8v3a5 5 0 0 0-3 5z"],
  ],
  smoke: [
    ["deep", "M8 52h48v5H8z" + box(19, 46, 8, 6, 1)],
    ["mid", "M22 47l22-30 2 1.400-21 30z"],
    ["spark", "M45 17c-4-5 4-6 1-12 7 4 3 8 3 12z"],
    ["pale", "M38 12c-6-3 0-7-4-10 8 1 7 6 8 9z"],
  ],
  sari: [
    ["deep", "M14 10h36v44H14z"],
    ["mid", "M14 10h12v44H14z"],
    ["spark", "M14 48h36v6H14zM14 10h36v4H14z"],
    ["pale", [20, 28, 36].map((y) => disc(34, y, 2.2) + disc(43, y + 4, 2.2)).join("")],
  ],
  kurta: [
    ["deep", "M22 8l10 6 10-6 14 10-6 10-5-3v33H19V25l-5 3-6-10z"],
    ["pale", "M29.500 13h5v16h-5z"],
    ["spark", disc(32, 19, 1.4) + disc(32, 24, 1.4) + "M19 52h26v3H19z"],
    ["mid", "M19 58V48h26v10h-5l-8-5-8 5z"],
  ],
  shirt: [
    ["deep", "M22 10h20l14 9-6 11-6-3v29H20V27l-6 3-6-11z"],
    ["pale", "M25 10h14l-7 9z"],
    ["mid", box(35, 28, 7, 8, 1)],
    ["spark", disc(32, 26, 1.5) + disc(32, 34, 1.5) + disc(32, 42, 1.5)],
  ],
  trousers: [
    ["deep", "M18 8h28l5 50H38l-6-32-6 32H13z"],
    ["mid", "M18 8h28v6H18z"],
    ["spark", disc(32, 11, 1.7)],
  ],
  frock: [
    ["deep", "M24 8h4l4 5 4-5h4l2 16 14 32H8l14-32z"],
    ["mid", "M12 46l-4 10h48l-4-10z"],
    ["spark", "M22 23h20v4H22z"],
    ["pale", disc(22, 38, 2) + disc(32, 36, 2) + disc(42, 38, 2)],
  ],
  shoe: [
    ["deep", "M8 22h14c4 9 12 12 24 14 8 1 11 5 10 10H8z"],
    ["mid", "M8 47h49v6H8z"],
    ["spark", "M24 27l6-4 2 3-6 4zM30 32l6-4 2 3-6 4z"],
    ["pale", "M8 28h8v10H8z"],
  ],
  bag: [
    ["mid", "M22 18a10 10 0 0 1 20 0h-4a6 6 0 0 0-12 0z"],
    ["deep", box(12, 18, 40, 38, 6)],
    ["pale", box(17, 34, 30, 16, 2)],
    ["spark", box(29, 31, 6, 8, 1)],
  ],
  umbrella: [
    ["deep", "M6 34a26 24 0 0 1 52 0c-5-4-8-4-13 0-5-4-8-4-13 0-5-4-8-4-13 0-5-4-8-4-13 0z"],
    ["mid", "M30.500 33h3v18a4 4 0 0 0 8 0h3a7 7 0 0 1-14 0z"],
    ["spark", disc(32, 8, 2.5)],
  ],
  anklet: [
    ["mid", ring(32, 28, 20, 15)],
    ["spark", [0, 1, 2, 3, 4].map((i) => disc(18 + i * 7, 46 + (i % 2) * 3 + (i === 2 ? 3 : 0), 3)).join("")],
    ["deep", disc(32, 8, 4)],
  ],
  soap: [
    ["deep", box(9, 26, 46, 24, 9)],
    ["pale", box(16, 32, 32, 12, 6)],
    ["spark", disc(22, 15, 5) + disc(34, 11, 3.5) + disc(43, 17, 4)],
    ["mid", disc(32, 38, 3)],
  ],
  tube: [
    ["deep", "M18 10h28l-5 36H23z"],
    ["spark", box(25, 47, 14, 10, 2)],
    ["pale", "M21 24h22l-1 10H22z"],
    ["mid", "M17 6h30v5H17z"],
  ],
  stick: [
    ["deep", box(23, 32, 18, 26, 2)],
    ["spark", box(25, 25, 14, 8, 1)],
    ["mid", "M26 25V13l12-7v19z"],
  ],
  brush: [
    ["deep", "M12 50l28-28 4 4-28 28a3 3 0 0 1-4-4z"],
    ["mid", "M38 20l6-6 6 6-6 6z"],
    ["spark", "M43 12l9-6 6 6-6 9z"],
  ],
  book: [
    ["deep", "M10 10h20l2 3 2-3h20v42H34l-2 4-2-4H10z"],
    ["pale", "M14 14h14v34H14zM36 14h14v34H36z"],
    ["mid", "M16 20h10v2H16zM16 26h10v2H16zM38 20h10v2H38zM38 26h10v2H38z"],
    ["spark", "M44 8h6v18l-3-3-3 3z"],
  ],
  pencil: [
    ["spark", "M14 44l28-28 8 8-28 28z"],
    ["deep", "M42 16l5-5a4 4 0 0 1 6 0l2 2a4 4 0 0 1 0 6l-5 5z"],
    ["pale", "M14 44l8 8-12 4z"],
    ["mid", "M11 52l3 3-4 1z"],
  ],
  ball: [
    ["deep", disc(32, 32, 23)],
    ["mid", "M16 16a23 23 0 0 1 0 32c7-10 7-22 0-32zM48 16a23 23 0 0 0 0 32c-7-10-7-22 0-32z"],
    ["spark", "M31 9h2v46h-2z"],
  ],
  bat: [
    ["mid", "M40 6l6 3-7 17-6-3z"],
    ["deep", "M31 22l10 4-10 30c-5 4-13 1-12-6z"],
    ["spark", disc(49, 48, 7)],
    ["pale", "M30 28l3 1-8 24-3-1z"],
  ],
  racket: [
    ["deep", ring(26, 22, 17, 13)],
    ["pale", disc(26, 22, 13)],
    ["mid", "M14 21h24v2H14zM25 10h2v24h-2zM17 14h18v1.500H17zM17 29h18v1.500H17z"],
    ["deep", "M36 34l4-3 15 22-5 4z"],
    ["spark", disc(50, 16, 4)],
  ],
  weights: [
    ["mid", box(20, 29, 24, 6, 1)],
    ["deep", box(8, 16, 9, 32, 3) + box(47, 16, 9, 32, 3)],
    ["spark", box(17, 21, 5, 22, 2) + box(42, 21, 5, 22, 2)],
  ],
  wheel: [
    ["deep", ring(17, 42, 13, 9) + ring(47, 42, 13, 9)],
    ["mid", "M16 41l9-20h16v4H28l9 16-3 2-10-17-5 17z"],
    ["mid", "M38 16h10v4h-6l6 21-3 2z"],
    ["spark", box(18, 17, 12, 4, 2) + disc(17, 42, 3) + disc(47, 42, 3)],
  ],
  mat: [
    ["deep", "M8 42h38v10H8z"],
    ["mid", ring(47, 42, 11, 6)],
    ["pale", disc(47, 42, 5)],
    ["spark", "M12 45h28v3H12z"],
  ],
  chair: [
    ["deep", "M16 6h6v52h-6z"],
    ["mid", "M19 32h29v7H19z"],
    ["deep", "M43 36h5v22h-5z"],
    ["spark", "M22 12h8v16h-8z"],
  ],
  table: [
    ["deep", "M6 22h52v7H6z"],
    ["mid", "M10 29h5v28h-5zM49 29h5v28h-5z"],
    ["spark", box(24, 29, 16, 8, 1)],
    ["pale", "M22 22c0-8 4-10 4-14h12c0 4 4 6 4 14z"],
  ],
  bed: [
    ["deep", "M6 14h5v42H6zM53 26h5v30h-5z"],
    ["mid", box(11, 34, 42, 13, 2)],
    ["pale", box(13, 27, 14, 8, 3)],
    ["spark", "M29 34h24v6H29z"],
  ],
  sofa: [
    ["mid", box(14, 16, 36, 22, 6)],
    ["deep", box(6, 28, 12, 24, 5) + box(46, 28, 12, 24, 5) + "M14 38h36v14H14z"],
    ["spark", disc(24, 29, 2) + disc(32, 29, 2) + disc(40, 29, 2)],
  ],
  shelf: [
    ["deep", box(12, 6, 40, 52, 2)],
    ["pale", "M16 10h32v13H16zM16 27h32v13H16zM16 44h32v10H16z"],
    ["mid", "M19 13h5v10h-5zM30 30h5v10h-5zM40 46h5v8h-5z"],
    ["spark", "M26 11h4v12h-4zM20 29h5v11h-5z"],
  ],
  drape: [
    ["deep", "M6 8h52v5H6z"],
    ["mid", "M10 13h18c0 20-4 30-14 42h-4z"],
    ["mid", "M54 13H36c0 20 4 30 14 42h4z"],
    ["spark", "M11 40h10l-3 4h-7zM53 40H43l3 4h7z"],
  ],
  top: [
    ["deep", "M12 26a20 9 0 0 1 40 0c0 12-14 16-18 30h-4c-4-14-18-18-18-30z"],
    ["mid", box(29, 6, 6, 14, 2)],
    ["spark", "M14 31c10 5 26 5 36 0l-3 6c-8 4-22 4-30 0z"],
  ],
  blocks: [
    ["deep", box(8, 34, 22, 22, 2)],
    ["mid", box(34, 34, 22, 22, 2)],
    ["spark", box(21, 10, 22, 22, 2)],
    ["pale", disc(19, 45, 5) + disc(45, 45, 5) + disc(32, 21, 5)],
  ],
  bear: [
    ["mid", disc(18, 16, 8) + disc(46, 16, 8)],
    ["deep", disc(32, 30, 21)],
    ["pale", disc(32, 37, 10)],
    ["spark", disc(24, 26, 2.5) + disc(40, 26, 2.5) + disc(32, 34, 3)],
  ],
  car: [
    ["deep", "M8 34l6-2 7-12h22l8 12 7 3v11H8z"],
    ["pale", "M23 23h8v9H18zM34 23h7l6 9H34z"],
    ["mid", disc(19, 46, 7) + disc(46, 46, 7)],
    ["spark", disc(19, 46, 3) + disc(46, 46, 3)],
  ],
  kite: [
    ["deep", "M32 4l20 22-20 26-20-26z"],
    ["mid", "M32 4v48L12 26z"],
    ["spark", "M12 25h40l-1 3H13z"],
    ["mid", "M31 52h2c4 3-2 5 2 9l-2 1c-6-4-1-7-2-10z"],
  ],
  board: [
    ["deep", box(8, 8, 48, 48, 3)],
    ["pale", box(12, 12, 40, 40, 1)],
    [
      "mid",
      "M12 12h10v10H12zM32 12h10v10H32zM22 22h10v10H22zM42 22h10v10H42zM12 32h10v10H12zM32 32h10v10H32zM22 42h10v10H22zM42 42h10v10H42z",
    ],
    ["spark", disc(27, 37, 4) + disc(37, 27, 4)],
  ],
  strip: [
    ["deep", box(14, 8, 36, 48, 4)],
    ["pale", [18, 32, 46].map((y) => disc(24, y, 5) + disc(40, y, 5)).join("")],
    ["spark", disc(24, 18, 3) + disc(40, 46, 3)],
  ],
  plus: [
    ["deep", box(10, 10, 44, 44, 8)],
    ["pale", "M26 18h12v8h8v12h-8v8H26v-8h-8V26h8z"],
  ],
  gauge: [
    ["pale", box(26, 6, 12, 40, 6)],
    ["deep", disc(32, 48, 11)],
    ["mid", box(30, 20, 4, 30, 2)],
    ["spark", "M40 12h6v2h-6zM40 20h6v2h-6zM40 28h6v2h-6z"],
  ],
  glasses: [
    ["deep", ring(18, 34, 13, 9.5) + ring(46, 34, 13, 9.5)],
    ["mid", "M28 31c3-3 5-3 8 0v4c-3-3-5-3-8 0zM4 22l3 8 3-1-3-8zM60 22l-3 8-3-1 3-8z"],
    ["spark", "M13 31l6-4 2 2-7 5zM41 31l6-4 2 2-7 5z"],
  ],
} as const satisfies Record<string, Motif>;
export type MotifName = keyof typeof MOTIFS;
