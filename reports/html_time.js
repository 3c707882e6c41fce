// Beside each instant, which is UTC, the same in the reader's own time and manner. Rows that are folded are
// done once they open. Without a script the page says all the same.
const localTimes = (function () {
  'use strict';
  const parts = {year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short'};
  const format = new Intl.DateTimeFormat(undefined, parts);
  const language = format.resolvedOptions().locale;

  function tell(time) {
    const at = new Date(time.dateTime);
    if (time.childElementCount || isNaN(at)) return;
    const local = document.createElement('small');
    local.lang = language;
    local.textContent = ' (' + format.format(at) + ')';
    time.append(local);
  }

  function tellAll(root) {
    for (const time of root.querySelectorAll('time'))
      if (!time.closest('details:not([open])')) tell(time);
  }

  document.addEventListener('toggle', event => { if (event.target.open) tellAll(event.target); }, true);
  return tellAll;
})();
localTimes(document);
