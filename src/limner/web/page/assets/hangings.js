// What hangs in the gallery: for each job its pictures, the ones still to come, or why there are none.

import { isFinal } from "./jobs.js";

const UNPAINTED_SHAPE = 1.5; // wide enough for a sentence
const FLATTEST = 2.6;
const TALLEST = 0.5;

/** Items `{kind, key, shape, job, index, image}`; kind is `picture`, `painting` or `unpainted`, shape is width : height. */
export function hangings(jobs) {
  const all = [...jobs.newestFirst()];
  const retried = new Set(all.map((job) => job.retry_of));
  return all.flatMap((job) => (isFinal(job) ? ended(job, retried) : unfinished(job)));
}

function ended(job, retried) {
  if (job.images.length) return job.images.filter((image) => !image.deleted).map((image) => picture(job, image));
  if (job.state === "succeeded" || retried.has(job.id)) return [];
  return [{ kind: "unpainted", key: `${job.id}/0`, shape: UNPAINTED_SHAPE, job, index: 0 }];
}

function unfinished(job) {
  const kept = new Map(job.images.map((image) => [image.index, image]));
  const items = [];
  let lead = true;
  for (let index = 0; index < job.request.count; index++) {
    const image = kept.get(index);
    if (image?.deleted) continue;
    items.push(image ? picture(job, image) : { ...painting(job, index), lead });
    if (!image) lead = false;
  }
  return items;
}

function picture(job, image) {
  return { kind: "picture", key: `${job.id}/${image.index}`, shape: hung(image), job, index: image.index, image };
}

function painting(job, index) {
  return { kind: "painting", key: `${job.id}/${index}`, shape: hung(job.request), job, index };
}

function hung({ width, height }) {
  return Math.min(Math.max(width / height, TALLEST), FLATTEST);
}
