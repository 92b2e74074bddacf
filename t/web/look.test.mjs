// How it looks and reads: previews, another language, a phone, and what axe-core says of each state of the page.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { after, test } from "node:test";
import { CRAWL, act, folder, row, sees, serve, shut, slow, until, upload, visit } from "./stage.mjs";

after(shut);

// ---- files that a browser can show, made here ----

function png(width, height, [red, green, blue]) {
    const chunk = (kind, data) => {
        const body = Buffer.concat([Buffer.from(kind), data]);
        const length = Buffer.alloc(4);
        const check = Buffer.alloc(4);
        length.writeUInt32BE(data.length);
        check.writeUInt32BE(crc(body));
        return Buffer.concat([length, body, check]);
    };
    const crc = (data) => ~data.reduce((sum, byte) => {
        sum ^= byte;
        for (let n = 0; n < 8; n++)
            sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
        return sum;
    }, -1) >>> 0;
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 2, 0, 0, 0], 8);
    const line = Buffer.concat([Buffer.alloc(1), Buffer.alloc(width * 3, Buffer.from([red, green, blue]))]);
    const pixels = zlib.deflateSync(Buffer.concat(Array.from({ length: height }, () => line)));
    return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", pixels),
        chunk("IEND", Buffer.alloc(0))]);
}

function wav(seconds) {
    const samples = Buffer.alloc(8000 * seconds, 128);
    const head = Buffer.from("RIFF....WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data....", "latin1");
    head.writeUInt32LE(36 + samples.length, 4);
    head.writeUInt32LE(samples.length, 40);
    return Buffer.concat([head, samples]);
}

function pdf() {
    const objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"];
    let out = "%PDF-1.4\n";
    const at = objects.map((object, n) => {
        const here = out.length;
        out += `${n + 1} 0 obj${object}endobj\n`;
        return here;
    });
    const table = out.length;
    return `${out}xref\n0 4\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("")}`
        + `trailer<</Size 4/Root 1 0 R>>\nstartxref\n${table}\n%%EOF`;
}

// A film of a few frames, recorded by the browser itself.
async function webm(page) {
    const bytes = await page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        const draw = canvas.getContext("2d");
        const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm" });
        const pieces = [];
        recorder.ondataavailable = (event) => pieces.push(event.data);
        recorder.start();
        for (let n = 0; n < 10; n++) {
            draw.fillRect(n * 10, 0, 9, 100);
            await new Promise((resolve) => setTimeout(resolve, 40));
        }
        await new Promise((resolve) => { recorder.onstop = resolve; recorder.stop(); });
        return [...new Uint8Array(await new Blob(pieces).arrayBuffer())];
    });
    return Buffer.from(bytes);
}

// ---- previews ----

test("pictures, text, sound, films and PDF are shown; the rest is offered for download", async (t) => {
    const server = await serve(t, { "1 picture.png": png(40, 20, [200, 30, 30]),
                                    "2 text.txt": "first <b>line</b>\nzweite Zeile ü\n",
                                    "3 sound.wav": wav(1), "5 paper.pdf": pdf(), "6 broken.png": "no picture",
                                    "7 long.log": "x".repeat(300000),
                                    "8 page.html": "<script>top.document.title = 'mine'</script>",
                                    "9 drawing.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
                                                     + "<script>top.x = 1</script></svg>" });
    const page = await visit(t, server.url, { expect: [/sandbox/i] });
    fs.writeFileSync(path.join(server.root, "4 film.webm"), await webm(page));
    await page.reload();
    const place = page.locator(".view .place");
    const next = () => page.keyboard.press("ArrowRight");
    await page.getByRole("link", { name: "1 picture.png" }).click();
    await page.waitForFunction(() => document.querySelector(".view img")?.naturalWidth === 40);
    assert.match(page.url(), /#1%20picture\.png$/);
    await next();
    await place.getByText("first <b>line</b>").waitFor();
    assert.match(await place.locator("pre").textContent(), /zweite Zeile ü/);
    await next();
    await page.waitForFunction(() => document.querySelector(".view audio")?.duration === 1);
    await page.getByRole("dialog").getByRole("button", { name: "Next" }).click();
    await page.waitForFunction(() => document.querySelector(".view video")?.videoWidth > 0);
    await page.getByRole("dialog").getByRole("button", { name: "Next" }).click();
    await until(() => page.frames().some((frame) => frame.url().startsWith("chrome-extension://")),
        "the browser's viewer of PDF");
    await page.getByRole("dialog").getByRole("button", { name: "Next" }).click();
    await place.getByText("The browser cannot show this file").waitFor();
    assert.equal(await place.getByRole("link", { name: "Download" }).getAttribute("download"), "6 broken.png");
    await next();
    await place.getByText("This is the beginning only").waitFor();
    await next();
    await place.getByText("<script>top.document.title").waitFor();
    await next();
    await page.waitForFunction(() => document.querySelector(".view img")?.naturalWidth === 9);
    assert.ok(await page.getByRole("button", { name: "Next" }).isDisabled());
    assert.equal(await page.evaluate(() => window.x), undefined);
    await page.keyboard.press("Escape");
    await page.locator(".view").waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(() => document.activeElement.className), "open");
    await page.waitForURL(server.url);
    await page.getByRole("link", { name: "2 text.txt" }).click();
    await place.getByText("first <b>line</b>").waitFor();
    await page.goBack(); // a phone's button
    await page.locator(".view").waitFor({ state: "hidden" });
    await sees(page, ...fs.readdirSync(server.root).sort());
    await page.goto(`${server.url}#2%20text.txt`); // an address that somebody was given
    await page.reload();
    await place.getByText("first <b>line</b>").waitFor();
    page.done();
});

// ---- language ----

test("in Chinese where the browser says so", async (t) => {
    const server = await serve(t, { "文件.txt": "内容", "sub/": "" });
    const page = await visit(t, server.url, { locale: "zh-CN" });
    await sees(page, "sub", "文件.txt");
    assert.match(await page.getAttribute("html", "lang"), /^zh/);
    for (const name of ["上传", "新建文件夹", "登录"])
        await page.getByRole("button", { name, exact: true }).waitFor();
    await act(page, "文件.txt", "删除");
    await page.getByRole("heading", { name: "删除“文件.txt”？" }).waitFor();
    await page.keyboard.press("Escape");
    const words = await page.evaluate(() => document.body.innerText);
    assert.deepEqual(words.match(/[A-Za-z]{2,}/g).filter((word) => !["dray", "sub", "txt"].includes(word)), []);
    page.done();
});

test("every sentence is there in every language", async () => {
    const source = fs.readFileSync(new URL("../../web/words.js", import.meta.url), "utf-8").replace(/^export /gm, "");
    const words = Function("navigator", `${source}; return WORDS;`)({ languages: ["en"] });
    for (const [key, row] of Object.entries(words)) {
        assert.equal(row.length, 2, key);
        const marks = row.map((text) => [...text.matchAll(/\{\d\}/g)].map(String).sort().join());
        assert.equal(marks[0], marks[1], key);
        assert.match(row[1], /\p{Script=Han}|^“?\{0\}/u, key);
    }
});

// ---- sizes ----

test("on a phone: nothing sticks out, everything can be reached by a thumb", async (t) => {
    const server = await serve(t, { [`${"a long name ".repeat(15)}.txt`]: "",
        "a/very/deep/path/of/folders/that/goes/on/x.txt": "", "b.txt": "B" });
    const page = await visit(t, server.url, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
    const wide = () => page.evaluate(() => Math.max(document.documentElement.scrollWidth,
        ...[...document.querySelectorAll("main *, header *")]
        .filter((node) => !node.closest(".crumbs, .unseen") && getComputedStyle(node).overflow !== "hidden")
        .map((node) => (node.closest(".label, .cell") ? 0 : node.getBoundingClientRect().right))));
    await row(page, "b.txt").waitFor();
    assert.ok(await wide() <= 390, `${await wide()} px`);
    for (const one of [row(page, "b.txt").getByRole("button"), page.getByRole("button", { name: "Upload", exact: true }),
                       page.getByRole("button", { name: "New folder" })]) {
        const box = await one.boundingBox();
        assert.ok(box.width >= 32 && box.height >= 32, JSON.stringify(box));
    }
    await row(page, "b.txt").tap();
    await page.getByRole("dialog").getByText("B", { exact: true }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).tap();
    await page.waitForURL(server.url);
    await page.goto(`${server.url}a/very/deep/path/of/folders/that/goes/on/`);
    await sees(page, "x.txt");
    assert.ok(await wide() <= 390, `${await wide()} px`);
    page.done();
});

// ---- accessibility ----

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");

async function accessible(page, state) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) =>
            `${state}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
    assert.deepEqual(serious, []);
}

for (const [scheme, viewport] of [["light", { width: 1100, height: 720 }], ["dark", { width: 390, height: 780 }]])
    test(`axe-core finds nothing serious: ${scheme}, ${viewport.width} wide`, async (t) => {
        const server = await serve(t, { "a.txt": "A", "b.bin": "", "sub/": "" });
        const large = path.join(folder(t, { "large.bin": Buffer.alloc(16 << 20) }), "large.bin");
        const page = await visit(t, server.url, { colorScheme: scheme, viewport, expect: [/404|40[139]/] });
        await sees(page, "sub", "a.txt", "b.bin");
        await accessible(page, "list");
        await row(page, "a.txt").getByRole("checkbox").check();
        await accessible(page, "chosen");
        await page.getByRole("button", { name: "Clear the selection" }).click();
        await row(page, "a.txt").getByRole("button").click();
        await accessible(page, "menu");
        await page.getByRole("menuitem", { name: "Rename" }).click();
        await accessible(page, "dialog");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Address and QR code" }).click();
        await accessible(page, "QR code");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Log in" }).click();
        await accessible(page, "login");
        await page.keyboard.press("Escape");
        await page.getByRole("link", { name: "a.txt" }).click();
        await page.getByRole("dialog").locator("pre").waitFor();
        await accessible(page, "preview");
        await page.keyboard.press("Escape");
        await slow(page, CRAWL);
        await upload(page, large);
        await page.locator(".tray li progress").waitFor();
        await accessible(page, "upload");
        await page.locator(".tray li").getByRole("button", { name: "Pause" }).click();
        await page.locator(".tray li").getByText("Paused at").waitFor();
        await accessible(page, "paused");
        await page.locator(".tray li").getByRole("button", { name: "Cancel" }).click();
        await page.getByRole("link", { name: "sub" }).click();
        await page.getByText("This folder is empty").waitFor();
        await accessible(page, "empty");
        page.done();
    });
