// A classic script in the head: the page's first paint has the chosen theme already.
{
  const chosen = localStorage.getItem("smartconnect.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
