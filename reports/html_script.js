(function () {
  'use strict';
  const at = id => document.getElementById(id);
  const list = at('rows'), words = at('words'), shown = at('shown');
  const parts = Array.from(list.children);
  const inOrder = Array.from(list.getElementsByTagName('details'));
  const perPart = inOrder.length ? parts[0].children.length : 1;
  const buttons = Array.from(document.querySelectorAll('.head button'));
  const columns = {};  // the cells of a row, in the order of the head
  buttons.forEach((button, index) => { columns[button.dataset.column] = index; });
  const pick = {};
  for (const name of ['outcome', 'account', 'region', 'finding', 'dmarc']) if (at(name)) pick[name] = at(name);
  const heightOfRow = inOrder.length ? inOrder[0].offsetHeight : 0;
  let rows = inOrder;

  const cell = (row, name) => row.firstElementChild.children[columns[name]].textContent;
  const facts = new Map(inOrder.map(row => {
    const fact = {words: null};
    for (const name in pick)
      fact[name] = name !== 'finding' ? cell(row, name) : row.dataset.f ? row.dataset.f.split(' ') : [];
    return [row, fact];
  }));

  function wordsOf(row) {
    const fact = facts.get(row);
    if (fact.words === null) fact.words = row.textContent.toLowerCase();
    return fact.words;
  }

  function choicesOf(name) {
    const counts = new Map();
    for (const fact of facts.values())
      for (const value of [].concat(fact[name])) counts.set(value, (counts.get(value) || 0) + 1);
    for (const value of Array.from(counts.keys()).sort())
      pick[name].add(new Option(value + ' (' + counts.get(value) + ')', value));
    pick[name].hidden = counts.size < 2 && name !== 'finding';
  }

  function matches(row, asked, wanted) {
    const fact = facts.get(row);
    for (const name in asked)
      if (asked[name] && (name === 'finding' ? !fact.finding.includes(asked[name]) : fact[name] !== asked[name]))
        return false;
    return wanted.length === 0 || wanted.every(word => wordsOf(row).includes(word));
  }

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = {};
    for (const name in pick) asked[name] = pick[name].value;
    let count = 0;
    parts.forEach((part, index) => {
      const first = index * perPart;
      let shownHere = 0;
      for (const row of rows.slice(first, first + perPart)) {
        const hide = !matches(row, asked, wanted);
        if (row.hidden !== hide) row.hidden = hide;
        if (!hide) shownHere++;
      }
      part.hidden = shownHere === 0;
      // What is out of sight has the height that it would have, so that the scroll bar tells the truth.
      part.style.containIntrinsicSize = shownHere === perPart ? '' : shownHere * heightOfRow + 'px';
      count += shownHere;
    });
    shown.textContent = count + ' of ' + rows.length;
    for (const card of cards) card.firstElementChild.setAttribute('aria-pressed', String(stateOf(card) === asked.outcome));
  }

  function sort(button) {
    const way = {up: 'down', down: ''}[button.dataset.way] ?? 'up';
    for (const other of buttons) other.dataset.way = '';
    button.dataset.way = way;
    for (const other of buttons) {
      other.setAttribute('aria-pressed', String(other.dataset.way !== ''));
      other.title = {up: 'sorted upwards', down: 'sorted downwards'}[other.dataset.way] ?? '';
    }
    rows = inOrder;
    if (way) {
      const sign = way === 'up' ? 1 : -1;
      const isNumber = 'number' in button.dataset;
      const key = text => isNumber ? Number(text.replace(/[^0-9.]/g, '') || -1) : text;
      rows = inOrder.map(row => [key(cell(row, button.dataset.column)), row])
        .sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0)).map(pair => pair[1]);
    }
    parts.forEach((part, index) => part.replaceChildren(...rows.slice(index * perPart, (index + 1) * perPart)));
    filter();
  }

  const cards = Array.from(document.querySelectorAll('.counts li[class]'));
  const stateOf = card => card.querySelector('span').textContent;
  for (const card of cards) {
    const press = () => {
      pick.outcome.value = pick.outcome.value === stateOf(card) ? '' : stateOf(card);
      filter();
    };
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...card.childNodes);
    button.addEventListener('click', press);
    card.append(button);
  }

  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener('click', () => sort(button));
  }

  at('tools').disabled = false;
  for (const name in pick) {
    choicesOf(name);
    pick[name].addEventListener('change', filter);
  }
  words.addEventListener('input', filter);
  at('clear').addEventListener('click', () => {
    words.value = '';
    for (const name in pick) pick[name].value = '';
    filter();
  });
  filter();
})();
