// The door of histograms over time: artifacts `histograms/NAME.json`, and how they become a picture.
export { binAt, densities, edgesOf, fullestBin, shade, totalOf, valueSpan } from './drawing.ts';
export { areHistograms, toHistograms } from './reading.ts';
