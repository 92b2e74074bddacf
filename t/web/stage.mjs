// stage: what every test of the page needs: a server on a folder of its own, a browser, a page that is watched.
// A complaint in the browser's console or an exception nobody caught fails the test, unless it says that it expects it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const dray = process.env.DRAY ?? path.join(top, "build/dray");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const PATIENCE_MS = 15000;

// What a test began ends with it, the last first: node would begin with the first, and the server wait for the browser.
const begun = new WeakMap();

function atEnd(t, end) {
    if (!begun.has(t)) {
        begun.set(t, []);
        t.after(async () => {
            for (const one of begun.get(t).reverse())
                await one();
        });
    }
    begun.get(t).push(end);
}

// A folder that goes with its test.
export function folder(t, files = {}) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "dray-web-"));
    fs.chmodSync(root, 0o755);
    atEnd(t, () => fs.rmSync(root, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
        if (name.endsWith("/"))
            fs.mkdirSync(path.join(root, name), { recursive: true });
        else
            fs.writeFileSync(path.join(root, name), content);
    }
    return root;
}

export const exists = (...parts) => fs.existsSync(path.join(...parts));
export const read = (...parts) => fs.readFileSync(path.join(...parts), "utf-8");
export const sum = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

export class Server {
    constructor(root, rights, port = 0) {
        Object.assign(this, { root, rights, port });
    }

    async start() {
        this.process = spawn(dray, ["serve", "--bind", "127.0.0.1", "--ftp", "0", "--http", String(this.port),
            "--anonymous", this.rights,
                                    "--account", "ann:secret:write", "--keep-free", "0", "--quiet", this.root],
                             { stdio: ["ignore", "pipe", "pipe"] });
        let said = "";
        this.process.stderr.on("data", (data) => { said += data; });
        this.url = await new Promise((resolve, reject) => {
            this.process.stdout.on("data", (data) => {
                said += data;
                const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(said);
                if (found)
                    resolve(found[0]);
            });
            this.process.on("error", reject);
            this.process.on("exit", () => reject(new Error(`the server did not start: ${said}`)));
        });
        this.port = Number(new URL(this.url).port);
        return this;
    }

    async end(signal = "SIGTERM") {
        const { process } = this; // there may be another by the time we are patient no more
        if (process.exitCode !== null || process.signalCode)
            return;
        const gone = new Promise((resolve) => process.once("exit", resolve));
        process.kill(signal);
        const late = setTimeout(() => process.kill("SIGKILL"), 3000); // a browser keeps connections; it must not keep us
        await gone;
        clearTimeout(late);
    }
}

// A server on a folder with these files; it ends with the test.
export async function serve(t, files, rights = "write,/drop=drop") {
    const server = await new Server(folder(t, files), rights).start();
    atEnd(t, () => server.end());
    return server;
}

let browser;

export async function shut() {
    await browser?.close();
}

// A new browser window at this address, in a profile of its own.
export async function visit(t, url, { expect = [], ...options } = {}) {
    browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
    const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, locale: "en-US",
        acceptDownloads: true, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(`exception: ${error.stack}`));
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !expect.some((pattern) => pattern.test(message.text())))
            wrong.push(`console: ${message.text()} ${message.location().url}`);
    });
    atEnd(t, () => context.close());
    page.done = () => assert.deepEqual(wrong, []);
    await page.goto(url);
    if (options.javaScriptEnabled !== false)
        await page.waitForSelector("body.page");
    return page;
}

// The names in sight, from top to bottom.
export const names = (page) => page.locator(".rows .row .open").allTextContents();

export async function until(what, message = "it never came") {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
        const got = await what();
        if (got)
            return got;
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.fail(message);
}

export const sees = (page, ...wanted) => until(async () => JSON.stringify(await names(page)) === JSON.stringify(wanted),
    `not ${wanted}`).catch(async () => assert.deepEqual(await names(page), wanted));

export const row = (page, name) => page.locator(".rows .row", { has: page.getByRole("link", { name, exact: true }) });

export async function act(page, name, item) {
    await row(page, name).getByRole("button").click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
}

// By the button, as a person does.
export async function upload(page, files, item = "Files…") {
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await (await choosing).setFiles(files);
}

// Dragged from the desktop: files and folders by their names on the disk.
export async function drag(page, ...paths) {
    const devtools = await page.context().newCDPSession(page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"])
        await devtools.send("Input.dispatchDragEvent", { type, x: 300, y: 400, data });
}

// As slow as a line of so many bytes a second; what it gives sets another speed (none: as fast as it goes), or cuts the
// line.
export async function slow(page, bytes) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Network.enable");
    const set = (uploadThroughput = -1, offline = false) => devtools.send("Network.emulateNetworkConditions",
        { offline, latency: 0, downloadThroughput: -1, uploadThroughput });
    await set(bytes);
    return set;
}

// Bytes a second at which nothing comes to its end while a test looks at it. (What is under way is through at once when the speed is
// set anew.)
export const CRAWL = 4096;

// The offsets of the pieces that were sent of resumable uploads.
export function offsets(page) {
    const seen = [];
    page.on("request", (request) => request.method() === "PATCH" && seen.push(Number(request.headers()["upload-offset"])));
    return seen;
}
