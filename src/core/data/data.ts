// The door of data's pure half: what .dvc files say, how they are written, what a checkout may replace.
export {
  formatDataFile,
  parseDataFile,
  toSourceLock,
  toSourceStage,
  updateDataFile,
  type DataFile,
} from './datafile.ts';
export { planCheckout, type CheckoutFacts, type CheckoutStep } from './checkout.ts';
