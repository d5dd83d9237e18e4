/** What both processes log where a feature gate says so. */
export const groupsAreOff = "group snapshots are switched off: those that are there stay as they are";
