import { expect, test } from "vitest";
import { audit, type Books, openingSum } from "./ledger.ts";

const sheets = [
  { teller: 0, count: 3, last: 3, moved: 9 },
  { teller: 1, count: 2, last: 2, moved: 5 },
];
const sound: Books = {
  west: { balance: openingSum - 14, sheets },
  east: { balance: openingSum + 14, sheets },
};

test("finds nothing in books that one instant could hold", () => {
  expect(audit(sound, [3, 1])).toEqual([]);
});

test("takes a teller that has not begun for one without transfers", () => {
  expect(audit(sound, [3, 1, 0])).toEqual([]);
});

const cases: readonly { what: string; books: Books; acked: readonly number[]; found: string }[] = [
  {
    what: "money that was lost",
    books: { ...sound, west: { balance: openingSum - 20, sheets } },
    acked: [],
    found: "the branches hold 199994 together, not 200000",
  },
  {
    what: "a transfer that was entered and not made",
    books: { west: { balance: openingSum - 13, sheets }, east: { balance: openingSum + 13, sheets } },
    acked: [],
    found: "the ledger of the west tells 14 moved, the east has gained 13",
  },
  {
    what: "a hole in a ledger",
    books: { ...sound, east: { ...sound.east, sheets: sheets.map((sheet) => ({ ...sheet, last: sheet.last + 1 })) } },
    acked: [],
    found: "the ledger of the east has 3 of teller 0's 4 entries",
  },
  {
    what: "a commit that was acknowledged and is gone",
    books: sound,
    acked: [3, 4],
    found: "teller 1's transfer 4 was committed, the ledger of the west ends with 2",
  },
  {
    what: "a commit on one side only",
    books: { ...sound, east: { ...sound.east, sheets: sheets.slice(0, 1) } },
    acked: [0, 0],
    found: "teller 1's last transfer is 2 in the west and 0 in the east",
  },
];

test.each(cases)("an audit finds $what", ({ books, acked, found }) => {
  expect(audit(books, acked)).toContain(found);
});
