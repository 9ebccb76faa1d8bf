import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { call, mayBeSignedIn, NoAnswer, Refused } from "../api/client";
import { forgetAll } from "../api/load";
import type { CustomerOut } from "../api/schema";
import { useText } from "../i18n";

interface Session {
  /** undefined until we know; null: nobody is signed in. */
  me: CustomerOut | null | undefined;
  refresh: () => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("outside of SignedIn");
  return session;
}

/** Who is shopping. The session itself is in a cookie that no script can read. */
export function SignedIn({ children }: { children: ReactNode }) {
  const [me, setMe] = useState<CustomerOut | null | undefined>(() => (mayBeSignedIn() ? undefined : null));
  const { language } = useText();
  const refresh = useCallback(async () => {
    if (!mayBeSignedIn()) return setMe(null);
    try {
      setMe(await call("GET /api/accounts/me"));
    } catch (error) {
      if (error instanceof Refused) setMe(null);
      else if (!(error instanceof NoAnswer)) throw error;
    }
  }, []);
  useEffect(() => {
    refresh();
    window.addEventListener("online", refresh);
    return () => window.removeEventListener("online", refresh);
  }, [refresh]);
  // What we write to them follows the language they read here.
  useEffect(() => {
    if (!me || me.language === language) return;
    call("PATCH /api/accounts/me", { body: { language } }).then(setMe, () => undefined);
  }, [me, language]);
  const signOut = useCallback(async () => {
    await call("DELETE /api/accounts/sessions/current");
    forgetAll();
    setMe(null);
  }, []);
  const value = useMemo(() => ({ me, refresh, signOut }), [me, refresh, signOut]);
  return <Context value={value}>{children}</Context>;
}
