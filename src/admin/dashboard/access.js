/** Asking the proxy, with its token where it wants one. */
import { byId } from "./elements.js";

const TOKEN_KEY = "sluice-token";
let asking;

/** `fetch` to a path of the proxy; asks for the token and tries again where it is missing or wrong. */
export async function ask(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(TOKEN_KEY);
    const headers = { ...options.headers };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    // Without credentials, as the browser would ask for a password in its own words.
    const response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
    if (response.status !== 401) return response;
    if (sessionStorage.getItem(TOKEN_KEY) === token) await askForToken(token !== null);
  }
}

/** One dialog for all that wait for the token. */
function askForToken(wasWrong) {
  return asking ??= new Promise((resolve) => {
    const dialog = byId("token");
    const field = byId("token-value");
    byId("token-text").textContent = wasWrong
      ? "That was not it. It stays in this tab until you close it."
      : "It stays in this tab until you close it.";
    field.value = "";
    const onClose = () => {
      if (field.value === "") return dialog.showModal();
      sessionStorage.setItem(TOKEN_KEY, field.value);
      dialog.removeEventListener("close", onClose);
      asking = undefined;
      resolve();
    };
    dialog.addEventListener("close", onClose);
    dialog.showModal();
    field.focus();
  });
}
