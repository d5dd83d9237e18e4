/**
 * A bank in two branches, west and east, each on a volume of its own.
 *
 * Every transfer takes money out of the west, puts it into the east and is entered in the ledgers of both, in one
 * transaction. So whatever instant is restored: no money is made or lost, both ledgers tell the same transfers, without a
 * hole in a teller's numbers, and what a teller knew to be committed is in them. The SQL is PostgreSQL's and SQLite's.
 */
export const branches = ["west", "east"] as const;
export type Branch = (typeof branches)[number];

const accounts = 1_000;
const openingBalance = 100;
/** What each branch has before the first transfer. */
export const openingSum = accounts * openingBalance;

/** Opens a branch in a schema of its name, which exists. */
export const openingOf = (branch: Branch) => `
CREATE TABLE ${branch}.accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE ${branch}.entries (teller INTEGER, number INTEGER, amount INTEGER NOT NULL, PRIMARY KEY (teller, number));
WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < ${accounts - 1})
INSERT INTO ${branch}.accounts SELECT id, ${openingBalance} FROM ids;
`;

/** A teller's transfer of a number, 1 being its first. */
export function transfer(teller: number, number: number): string {
  const amount = 1 + (number % 9);
  const from = (number * 37 + teller) % accounts;
  const to = (number * 53 + teller) % accounts;
  return `BEGIN;
UPDATE west.accounts SET balance = balance - ${amount} WHERE id = ${from};
UPDATE east.accounts SET balance = balance + ${amount} WHERE id = ${to};
INSERT INTO west.entries VALUES (${teller}, ${number}, ${amount});
INSERT INTO east.entries VALUES (${teller}, ${number}, ${amount});
COMMIT;
`;
}

/** Yields one number, the money in a branch. */
export const balanceOf = (branch: Branch) => `SELECT SUM(balance) FROM ${branch}.accounts`;
/** Yields a row for each teller: `teller`, `count`, `last` and `moved`. */
export const sheetsOf = (branch: Branch) =>
  `SELECT teller, COUNT(*) AS count, MAX(number) AS last, SUM(amount) AS moved FROM ${branch}.entries GROUP BY teller`;

/** A teller's entries in a ledger. */
export interface Sheet {
  readonly teller: number;
  readonly count: number;
  readonly last: number;
  readonly moved: number;
}

/** What a restored database says of its branches. */
export type Books = Readonly<Record<Branch, { readonly balance: number; readonly sheets: readonly Sheet[] }>>;

/**
 * Looks for what no instant could hold.
 *
 * @param acked by teller, the number of the last transfer that it knew to be committed before the cut was asked for
 */
export function audit(books: Books, acked: readonly number[]): readonly string[] {
  const { west, east } = books;
  const sum = west.balance + east.balance;
  return [
    ...(sum === 2 * openingSum ? [] : [`the branches hold ${sum} together, not ${2 * openingSum}`]),
    ...branches.flatMap((branch) => auditLedger(books, branch)),
    ...branches.flatMap((branch) => acked.flatMap((number, teller) => missing(books, { branch, teller, number }))),
    ...acked.flatMap((_, teller) => difference(books, teller)),
  ];
}

function auditLedger(books: Books, branch: Branch): readonly string[] {
  const { sheets } = books[branch];
  const moved = sheets.reduce((sum, sheet) => sum + sheet.moved, 0);
  const gained = books.east.balance - openingSum;
  return [
    ...(moved === gained ? [] : [`the ledger of the ${branch} tells ${moved} moved, the east has gained ${gained}`]),
    ...sheets
      .filter(({ count, last }) => count !== last)
      .map(
        ({ teller, count, last }) => `the ledger of the ${branch} has ${count} of teller ${teller}'s ${last} entries`,
      ),
  ];
}

const lastOf = (books: Books, branch: Branch, teller: number) =>
  books[branch].sheets.find((sheet) => sheet.teller === teller)?.last ?? 0;

function missing(books: Books, of: { branch: Branch; teller: number; number: number }): readonly string[] {
  const { branch, teller, number } = of;
  const last = lastOf(books, branch, teller);
  if (last >= number) return [];
  return [`teller ${teller}'s transfer ${number} was committed, the ledger of the ${branch} ends with ${last}`];
}

function difference(books: Books, teller: number): readonly string[] {
  const [west, east] = [lastOf(books, "west", teller), lastOf(books, "east", teller)];
  return west === east ? [] : [`teller ${teller}'s last transfer is ${west} in the west and ${east} in the east`];
}

/** How many transfers the books tell of. */
export const transfersIn = ({ west }: Books) => west.sheets.reduce((sum, { count }) => sum + count, 0);
