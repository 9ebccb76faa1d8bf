const PATHS = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500 21 21",
  cart: "M3 4h2.500l2 11h10.500l2-8H7M9 20.500a.5.5 0 1 0 0-.01M17 20.500a.5.5 0 1 0 0-.01",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c1-5 4-6.500 8-6.500s7 1.500 8 6.500",
  orders: "M5 3h14v18l-3-2-2 2-2-2-2 2-2-2-3 2zM9 8h6M9 12h6",
  speech: "M3 6h10M8 3v3M5 6c1 5 4 7 7 8M11 6c-1 4-4 7-8 9M13 21l4-10 4 10M14.500 18h5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M19 5l-1.500 1.500M6.500 17.500 5 19",
  moon: "M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z",
  yes: "M5 12.500 10 17.500 19.500 7",
  no: "M6 6l12 12M18 6 6 18",
  alert: "M12 3 2 20h20zM12 10v5M12 17.500v.5",
  wait: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5.500l3.500 2",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.500M12 7.500v.5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  truck: "M2 6h12v11H2zM14 10h4l4 4v3h-8M6.500 19.500a1.500 1.500 0 1 0 0-.01M17.500 19.500a1.500 1.500 0 1 0 0-.01",
  back: "M20 12H4M10 6l-6 6 6 6",
  next: "M4 12h16M14 6l6 6-6 6",
  down: "M6 9l6 6 6-6",
  pin: "M12 21c5-6 7-9 7-12a7 7 0 1 0-14 0c0 3 2 6 7 12zM12 6.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  print: "M7 8V3h10v5M5 17H3V8h18v9h-2M7 14h10v7H7z",
  phone: "M7 2h10v20H7zM11 18.500h2",
  card: "M2 5h20v14H2zM2 10h20M6 15h4",
  money: "M6 4h12M6 8.500h12M8 13h2a4.500 4.500 0 0 0 0-9M8 13l7 8",
  line: "M3 3l18 18M8.500 15.500a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.500M15 9.500a10 10 0 0 1 4 2.500M12 19.500v.5",
} as const;
export type IconName = keyof typeof PATHS;
export const ICONS = Object.keys(PATHS) as IconName[];

/** A drawn sign; the words beside it say what it means. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.1"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Star({ on }: { on: boolean }) {
  return (
    <svg className={on ? "on" : "off"} width="18" height="18" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        fill="currentColor"
        d="M12 2l2.600 6.300 6.900.6-5.200 4.500 1.600 6.700L12 16.500l-5.900 3.600 1.600-6.700-5.200-4.500 6.900-.6z"
      />
    </svg>
  );
}
