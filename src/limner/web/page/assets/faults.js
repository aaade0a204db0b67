// What the API finds wrong, said beside the field that it names.

import { say } from "./templates.js";

export function clearFaults(form) {
  for (const fault of form.querySelectorAll(".fault")) say(fault, "");
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/** Shows a Problem; what belongs to no field goes to `rest`. Returns the first field that needs mending. */
export function showFaults(form, problem, rest) {
  const homeless = problem.faults?.length ? problem.faults.filter((fault) => !showAt(form, fault)) : [{ detail: problem.message }];
  say(rest, homeless.map((fault) => fault.detail).join(" "));
  return form.querySelector("[aria-invalid]");
}

function showAt(form, { pointer, detail }) {
  const place = [...form.querySelectorAll("[data-pointer]")].find((one) => one.dataset.pointer === pointer);
  if (!place) return false;
  const fault = place.matches(".fault") ? place : place.querySelector(".fault");
  say(fault, detail);
  form.querySelector(`[aria-describedby~="${CSS.escape(fault.id)}"]`)?.setAttribute("aria-invalid", "true");
  return true;
}
