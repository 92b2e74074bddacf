/* kinds: what a file is, by its name: for its icon, and for how it is previewed. Tables only. */

const ENDINGS = {
    image: "png jpg jpeg jfif gif webp avif svg bmp ico",
    video: "mp4 m4v webm ogv mov mkv",
    audio: "mp3 ogg oga opus wav flac m4a aac weba",
    pdf: "pdf",
    archive: "zip tar gz tgz bz2 xz zst 7z rar jar deb rpm iso",
    text: "txt md rst log csv tsv json ndjson jsonl xml yaml yml toml ini conf cfg env html htm css scss js mjs ts jsx c h "
          + "cc cpp hpp cs go rs py rb pl php java kt swift lua r sh bat sql diff patch tex bib srt vtt m3u asc pem crt "
          + "cmake mk properties",
};
/* Without an ending, and written by people. */
const WHOLE = "readme license licence copying authors changelog news todo install notice makefile dockerfile gitignore";

const kinds = new Map(Object.entries(ENDINGS).flatMap(([kind, words]) => words.split(" ").map((word) => [word, kind])));
const known = new Set(WHOLE.split(" "));

export function kindOf(name) {
    const lower = name.toLowerCase();
    const dot = lower.lastIndexOf(".");
    return dot >= 0 ? kinds.get(lower.slice(dot + 1)) ?? "file" : known.has(lower) ? "text" : "file";
}

/* Those that view.js can show. */
export const shows = (entry) => !entry.folder && ["image", "video", "audio", "pdf", "text"].includes(kindOf(entry.name));
