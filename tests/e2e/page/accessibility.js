// What is wrong with the page for people who see little, hear it read, or use a keyboard: a list of sentences.
(() => {
  const MIN_CONTRAST = 4.5;
  const MIN_LARGE_CONTRAST = 3;
  const wrong = [];
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  // A colour of CSS, whatever way it is written, over a ground, as red, green and blue from 0 to 255.
  const painted = (colour, ground) => {
    canvas.fillStyle = `rgb(${ground.join(' ')})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const groundOf = (element) => {
    const above = element.parentElement ? groundOf(element.parentElement) : [255, 255, 255];
    return painted(getComputedStyle(element).backgroundColor, above);
  };
  // Of WCAG 2.2: relative luminance and contrast ratio.
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  };
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const named = (element) =>
    `<${element.tagName.toLowerCase()} ${element.className || element.id}> “${element.textContent.trim().slice(0, 40)}”`;

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isShown(element) || element.closest('.hidden, #skip, script, noscript'))
      continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(painted(style.color, ground), ground);
    checked += 1;
    if (ratio < (isLarge ? MIN_LARGE_CONTRAST : MIN_CONTRAST))
      wrong.push(`contrast ${ratio.toFixed(2)}: ${named(element)}`);
  }
  if (!checked) wrong.push('there is no text to look at');

  for (const control of document.querySelectorAll('input, select, textarea')) {
    if (isShown(control) && !control.labels.length && !control.ariaLabel) wrong.push(`no label: ${control.name}`);
  }
  for (const control of document.querySelectorAll('a, button, summary')) {
    if (isShown(control) && !(control.textContent.trim() || control.ariaLabel))
      wrong.push(`no name: ${named(control)}`);
    if (control.tabIndex < 0) wrong.push(`not for the keyboard: ${named(control)}`);
  }
  for (const picture of document.querySelectorAll('img:not([alt]), svg:not([aria-label]):not([aria-hidden])'))
    wrong.push(`no text for a picture: ${named(picture)}`);
  for (const element of document.querySelectorAll('[onclick]'))
    wrong.push(`a handler in the document: ${named(element)}`);

  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of ids.filter((each, at) => ids.indexOf(each) !== at)) wrong.push(`two elements with the id ${id}`);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')]
    .filter(isShown)
    .map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push('not exactly one heading of the first level');
  levels.forEach((level, at) => {
    if (at && level > levels[at - 1] + 1) wrong.push(`heading ${level} after ${levels[at - 1]}`);
  });
  for (const landmark of ['header', 'nav[aria-label]', 'main', 'footer'])
    if (!document.querySelector(landmark)) wrong.push(`no ${landmark}`);
  if (!document.documentElement.lang) wrong.push('no language');

  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (over > 0) wrong.push(`it scrolls sideways by ${over} pixels`);
  return wrong;
})();
