// The door of what is told in a line: how the objective goes with each hyperparameter of a config, what could be tried next, how long a
// search takes, how a run went. Pure: runs and texts come in.
export { toBlocks } from './blocks.ts';
export { courseInBlocks, drawCourse, metricOfCourse, toCourse, type CourseColours } from './course.ts';
export { addToGrid, offerGrid } from './grid.ts';
export { toConfigLenses } from './lenses.ts';
export { collectTried, sparksOf, type TriedRuns } from './profile.ts';
export { describeCourse, describeSpark, describeTime, toConfigLensTitles } from './words.ts';
