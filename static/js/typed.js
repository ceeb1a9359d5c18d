// Another language shows the page again: what was typed in its forms meanwhile is put back.
// It waits in this tab for the one page that follows, and is sent nowhere.

const KEY = "typed";
const UNTOUCHED = ["password", "file", "submit", "button"];

// A form is known again by where it leads and by its fields: after a refusal the address of the page is another.
function describe(form) {
  const fields = [...form.elements].filter(
    (field) => field.name && field.name !== "csrfmiddlewaretoken" && !UNTOUCHED.includes(field.type),
  );
  return { fields, name: [form.getAttribute("action"), ...fields.map((field) => field.name)].join(" ") };
}

function valueOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  return field.multiple ? [...field.options].map((option) => option.selected) : field.value;
}

function putBack(field, value) {
  if (value === undefined || JSON.stringify(valueOf(field)) === JSON.stringify(value)) return;
  if (field.type === "checkbox" || field.type === "radio") field.checked = value;
  else if (field.multiple) value.forEach((isSelected, index) => (field.options[index].selected = isSelected));
  else field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function formsOfPage() {
  return [...document.forms].map(describe).filter(({ fields }) => fields.some((field) => field.type !== "hidden"));
}

const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);

// once the other modules listen: what keeps a form as it is typed keeps this too
document.addEventListener("DOMContentLoaded", () => {
  if (kept?.page !== window.location.pathname + window.location.search) return;
  for (const { name, fields } of formsOfPage()) {
    const values = kept.forms.find((form) => form.name === name)?.values ?? [];
    fields.forEach((field, index) => putBack(field, values[index]));
  }
});

document.addEventListener("submit", (event) => {
  const pressed = event.submitter;
  if (pressed?.name !== "language") return;
  const address = new URL(pressed.formAction);
  const page = address.searchParams.get("next") ?? event.target.elements.next.value;
  const forms = formsOfPage().map(({ name, fields }) => ({ name, values: fields.map(valueOf) }));
  sessionStorage.setItem(KEY, JSON.stringify({ page, forms }));
});
