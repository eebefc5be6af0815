/** Points that are moved at random within their place, so that equal ones are seen beside each other: what DVC calls `scatter_jitter`. */
export const jitterTemplate = {
  data: { values: '<DVC_METRIC_DATA>' },
  transform: [
    { calculate: 'random()', as: 'moved_x' },
    { calculate: 'random()', as: 'moved_y' },
  ],
  width: '<DVC_METRIC_PLOT_WIDTH>',
  height: '<DVC_METRIC_PLOT_HEIGHT>',
  mark: 'point',
  encoding: {
    x: { field: '<DVC_METRIC_X>', type: 'nominal', title: '<DVC_METRIC_X_LABEL>' },
    y: { field: '<DVC_METRIC_Y>', type: 'nominal', title: '<DVC_METRIC_Y_LABEL>' },
    xOffset: { field: 'moved_x', type: 'quantitative' },
    yOffset: { field: 'moved_y', type: 'quantitative' },
    color: '<DVC_METRIC_COLOR>',
    shape: '<DVC_METRIC_SHAPE>',
    tooltip: '<DVC_METRIC_TOOLTIP>',
  },
} as const;
