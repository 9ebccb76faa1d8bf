import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { recall, remember } from "../memory";

interface Place {
  /** PIN code of the home that is shopped for; empty until it is said. */
  pin: string;
  choose: (pin: string) => void;
}

const Context = createContext<Place>({ pin: "", choose: () => undefined });
export const usePlace = (): Place => useContext(Context);
export const isPin = (text: string): boolean => /^[1-9]\d{5}$/.test(text);

export function Placed({ children }: { children: ReactNode }) {
  const [pin, setPin] = useState(() => {
    const kept = recall("pin") ?? "";
    return isPin(kept) ? kept : "";
  });
  const choose = useCallback((next: string) => {
    remember("pin", next);
    setPin(next);
  }, []);
  const value = useMemo(() => ({ pin, choose }), [pin, choose]);
  return <Context value={value}>{children}</Context>;
}
