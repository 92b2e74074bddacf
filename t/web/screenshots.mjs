// screenshots: the pictures of the page in docs/, made anew: node t/web/screenshots.mjs [FOLDER]. They show a small library
// with a file on its way; optipng makes them small. DRAY: the program, as in the tests.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { row, serve, shut, slow, top, until, upload, visit } from "./stage.mjs";

const out = path.resolve(process.argv[2] ?? path.join(top, "docs"));
const ends = [];
const t = { after: (end) => ends.push(end) }; // what a test would clean up

const MONTH = 30 * 24 * 3600;
const FILES = [["Field recordings/", 0, 2], ["Photos 2026/", 0, 1], ["Talks/", 0, 7], ["budget.csv", 18430, 3],
               ["coast at dawn.jpg", 4210000, 1], ["interview, part 1.flac", 61300000, 5], ["notes.md", 6200, 0],
               ["Résumé – Zoë.pdf", 214000, 4], ["survey.tar.gz", 128000000, 9], ["waves.mp4", 482000000, 2],
               ["会议记录.txt", 1830, 6]];

function dress(root) {
    for (const [name, size, months] of FILES) {
        const file = path.join(root, name);
        if (size)
            fs.truncateSync(file, size); // no bytes on the disk
        const then = Date.UTC(2026, 10, 20, 9, 41) / 1000 - months * MONTH;
        fs.utimesSync(file, then, then);
    }
}

async function shoot(page, name) {
    await page.evaluate(() => document.fonts.ready);
    await until(() => page.evaluate(() => document.getAnimations() // the bars of uploads never end
        .every((one) => one.playState !== "running" || one.effect.getComputedTiming().iterations === Infinity)));
    const file = path.join(out, `page-${name}.png`);
    await page.screenshot({ path: file });
    execFileSync("optipng", ["-quiet", "-o4", "-strip", "all", file]);
    console.log(`${path.relative(process.cwd(), file)}: ${fs.statSync(file).size} bytes`);
}

const common = { viewport: { width: 1000, height: 640 }, timezoneId: "UTC", locale: "en-GB" };

try {
    const server = await serve(t, Object.fromEntries(FILES.map(([name]) => [name, ""])));
    dress(server.root);
    const light = await visit(t, server.url, common);
    await row(light, "notes.md").waitFor();
    const film = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "dray-web-")), "harbour.mp4");
    t.after(() => fs.rmSync(path.dirname(film), { recursive: true }));
    fs.writeFileSync(film, "");
    fs.truncateSync(film, 96 << 20);
    await slow(light, 6 << 20); // the picture has the time that the other half takes
    await upload(light, film);
    const sent = () => light.locator(".tray .work > progress").evaluate((bar) => bar.value);
    await light.waitForFunction(() => document.querySelector(".tray .work > progress").value > 0.4, null, { timeout: 0 });
    await light.getByRole("button", { name: "Pause all" }).hover();
    await shoot(light, "light");
    assert((await sent()) < 1, "the file was not on its way any more");
    await light.locator(".tray li").getByRole("button", { name: "Cancel" }).click();

    const dark = await visit(t, server.url, { ...common, colorScheme: "dark" });
    await row(dark, "Talks").getByRole("checkbox").check();
    await row(dark, "budget.csv").getByRole("checkbox").check();
    await shoot(dark, "dark");

    const phone = await visit(t, server.url, { ...common, viewport: { width: 390, height: 720 }, hasTouch: true,
        isMobile: true });
    await row(phone, "notes.md").waitFor();
    await shoot(phone, "phone");
} finally {
    for (const end of ends)
        await end();
    await shut();
}
