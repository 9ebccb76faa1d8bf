import type { ReactNode } from "react";
import { Link } from "wouter";
import { Languages, Theme } from "../shop/frame";
import { Title } from "../ui/ui";
import { useRoom } from "./texts";

const PLACES = [
  { to: "/control", says: "reRoom" },
  { to: "/control/rehearsals", says: "reTitle" },
  { to: "/", says: "shop" },
] as const;

/** The head of the room's pages: their name, how the line is, the way to the other one. */
export function Head({ says, at, children }: { says: "title" | "reTitle"; at: string; children?: ReactNode }) {
  const { say } = useRoom();
  return (
    <header className="control-head">
      <Title plain={say(says)}>{say(says)}</Title>
      {children}
      <nav aria-label={say("reRoom")}>
        {PLACES.filter(({ to }) => to !== at).map(({ to, says: words }) => (
          <Link key={to} href={to}>
            {say(words)}
          </Link>
        ))}
        <Languages />
        <Theme />
      </nav>
    </header>
  );
}
