// The door of the pipeline's graph as a drawing: what the page is told, which stages stand for themselves and which in a group,
// where each stands, and how one moves between them. Pure; the page only draws.
export { toGraphContent } from './content.ts';
export { DagPageSession } from './session.ts';
export { DagPageView } from './pageview.ts';
export { groupOfBox, toDrawnNodes, type DrawnNode } from './groups.ts';
export { layOut, nodeSize, type Layout, type PlacedEdge, type PlacedNode } from './layout.ts';
export { nextNode, type Direction } from './walk.ts';
export { fitView, isInView, pan, reveal, zoomAt, zoomSteps, type View } from './view.ts';
