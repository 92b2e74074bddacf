/* links: addresses by which people without an account leave files in a folder: made, seen and taken back. page.js opens it
 * where an account may upload; a new link is handed to it to be shown, since the server tells it once. */
import * as api from "./api.js";
import { modal } from "./dialog.js";
import { button, el, when, write } from "./dom.js";
import { because, t } from "./words.js";

const DAYS = [1, 7, 30, 365];
const USUAL = 7;

/* shown(address) shows a new one. */
export const links = (folder, shown) => modal(t("dropLink"), () => {
    const rows = el("ul", { class: "keys" });
    const wrong = el("p", { class: "wrong", role: "alert" });
    const days = el("select", { class: "button" }, DAYS.map((n) => el("option", { selected: n === USUAL }, String(n))));
    const attempt = async (act) => {
        write(wrong, "");
        try {
            await act();
            rows.replaceChildren(...(await api.links()).map(row));
        } catch (error) {
            write(wrong, because(error));
        }
    };
    const row = (link) => el("li", { class: "buttons" }, el("bdi", {}, link.folder), el("span", { class: "gap facts" },
        t("until", when(link.until))), button("bin", t("linkEnd"), () => attempt(() => api.endLink(link.link))));
    const make = button("link", t("linkMake"), () => attempt(async () => shown(await api.makeLink(folder, days.value))),
        { shown: true, class: "button strong", autofocus: true });
    attempt(() => {});
    return el("div", {}, el("p", {}, t("linkHow")), rows, wrong,
        el("div", { class: "buttons" }, el("label", { class: "inline" }, t("linkDays"), days), make));
});
