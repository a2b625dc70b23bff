// The texts of the page are those of the report of a batch.
export {
  agoText,
  compactText,
  costText,
  countText,
  durationText,
  instantText,
  priceText,
} from '../shared/console/format.ts';
