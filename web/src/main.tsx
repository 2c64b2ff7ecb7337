import { render } from "preact";
import { App } from "./app";
import { startLive } from "./live/following";
import { explain } from "./state/access";
import { loadCatalogue } from "./state/catalogue";
import { say } from "./state/notice";
import { loadTaskNames } from "./state/taskNames";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/live.css";
import "./styles/details.css";
import "./styles/views.css";

// The catalogue first: which types are counted, and their colours, hold for the first row already.
void loadCatalogue()
  .catch((error: unknown) => say(explain(error)))
  .then(startLive);

void loadTaskNames().catch(() => undefined); // rows show ids until their names are known

const place = document.getElementById("app");
if (place) render(<App />, place);
