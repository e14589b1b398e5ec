import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { about, logout, Problem, whenLoggedOut } from "./api/client";
import {
  behindSeconds,
  connected,
  firing,
  isApart,
  listen,
  staleSeconds,
  state,
  stopListening,
} from "./api/live";
import { theme, toggleTheme } from "./components/chart";
import { HintBox } from "./components/hint";
import { RangePicker } from "./components/range_picker";
import { Fault } from "./components/states";
import { Alerts } from "./pages/alerts";
import { Explore } from "./pages/explore";
import { Funnel } from "./pages/funnel";
import { Incoming } from "./pages/incoming";
import { Login } from "./pages/login";
import { OrderPage, Orders } from "./pages/orders";
import { Overview } from "./pages/overview";
import { Pipeline } from "./pages/pipeline";
import { Product } from "./pages/product";
import { Products } from "./pages/products";
import { Quarantine } from "./pages/quarantine";
import { Journey, Sessions } from "./pages/sessions";
import { Sources } from "./pages/sources";
import { counted } from "./format";
import { link, parameter, route } from "./router";
import { shop } from "./session";

interface Page {
  title: string;
  show: () => JSX.Element;
  menu: boolean;
  ranged: boolean;
  /**
   * The parameter that identifies what the page shows, such as a product. Another value makes
   * another page.
   */
  about?: string;
}
const pages: Record<string, Page> = {
  overview: { title: "Overview", show: Overview, menu: true, ranged: true },
  products: { title: "Products", show: Products, menu: true, ranged: true },
  product: { title: "Product", show: Product, menu: false, ranged: true, about: "product" },
  orders: { title: "Orders", show: Orders, menu: true, ranged: true },
  order: { title: "Order", show: OrderPage, menu: false, ranged: false, about: "order" },
  funnel: { title: "Funnel", show: Funnel, menu: true, ranged: true },
  sources: { title: "Sources", show: Sources, menu: true, ranged: true },
  sessions: { title: "Sessions", show: Sessions, menu: true, ranged: true },
  journey: { title: "Journey", show: Journey, menu: false, ranged: true, about: "user" },
  alerts: { title: "Alerts", show: Alerts, menu: true, ranged: false },
  pipeline: { title: "Pipeline", show: Pipeline, menu: true, ranged: false },
  incoming: { title: "Incoming", show: Incoming, menu: true, ranged: false },
  quarantine: { title: "Quarantine", show: Quarantine, menu: true, ranged: false, about: "rule" },
  explore: { title: "Explore", show: Explore, menu: true, ranged: false },
};

function LiveMark() {
  const stale = staleSeconds.value;
  const behind = behindSeconds.value;
  if (connected.value && isApart.value) return <span class="live">final figures only</span>;
  if (connected.value && behind !== null) {
    return (
      <span class="live bad" title="Events wait to be processed.">{`${behind} s behind`}</span>
    );
  }
  if (connected.value && state.value?.pipeline?.figures_as_of === null) {
    return <span class="live">starting…</span>;
  }
  if (connected.value) return <span class="live good">live</span>;
  return (
    <span class="live bad">
      <span class="hidden" role="status">
        {stale === null ? "connecting" : "no updates from the server"}
      </span>
      <span aria-hidden="true">{stale === null ? "connecting…" : `no updates for ${stale} s`}</span>
    </span>
  );
}

/** The days whose figures lack events that came late, until they are corrected. */
function Correcting() {
  const days = state.value?.correcting ?? [];
  if (days.length === 0) return null;
  const events = days.reduce((sum, day) => sum + day.events, 0);
  const names = days.slice(-7).map((each) => `${each.day}: ${counted(each.events, "event")}`);
  return (
    <span class="note" title={["Events came late for these days.", ...names.reverse()].join("\n")}>
      {days.length === 1 ? days[0]!.day : counted(days.length, "day")} being corrected,{" "}
      {counted(events, "event")}
    </span>
  );
}

function Shell({ leave }: { leave: () => void }) {
  const page = pages[route.value.page] ?? pages.overview!;
  const Show = page.show;
  const count = firing.value.length;
  useEffect(() => void (document.title = `${page.title} – Millrace`), [page.title]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (
          event.preventDefault(),
          document.querySelector<HTMLElement>("main")?.focus()
        )}
      >
        Skip to main content
      </a>
      <nav aria-label="Pages">
        <a class="brand" href={link("overview")}>
          <img src="/icon.svg" alt="" width="24" height="24" /> Millrace
        </a>
        <ul>
          {Object.entries(pages)
            .filter(([, each]) => each.menu)
            .map(([name, each]) => (
              <li key={name}>
                <a href={link(name)} aria-current={each === page ? "page" : undefined}>
                  {each.title}
                  {name === "alerts" && count > 0 && <span class="badge">{count}</span>}
                </a>
              </li>
            ))}
        </ul>
        <button type="button" onClick={toggleTheme}>
          {theme.value === "dark" ? "Light theme" : "Dark theme"}
        </button>
        {shop.value?.open === false && (
          <button type="button" onClick={() => void logout().finally(leave)}>
            Log out
          </button>
        )}
      </nav>
      <main id="main" tabIndex={-1}>
        <div class="top">
          <h1>{page.title}</h1>
          <LiveMark />
          <Correcting />
          <span class="note">times in {shop.value?.time_zone}</span>
          {page.ranged && <RangePicker />}
        </div>
        <Show key={`${page.title} ${page.about ? parameter(page.about) : ""}`} />
      </main>
      <HintBox />
    </>
  );
}

function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const enter = async () => {
    try {
      shop.value = await about();
      setProblem(null);
      if (shop.value.role === "none") stopListening();
      else listen();
    } catch (error) {
      setProblem(error as Problem);
      setTimeout(() => void enter(), 2000);
    }
  };
  useEffect(() => {
    whenLoggedOut(() => void enter());
    void enter();
  }, []);
  if (problem) return <Fault problem={problem} />;
  if (!shop.value) return <p class="splash">Loading Millrace…</p>;
  return shop.value.role === "none" ? (
    <Login done={() => void enter()} />
  ) : (
    <Shell leave={() => void enter()} />
  );
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
