// What the chain means, in plain words: statuses, and what the actions of a proposal do. A sentence is a list of parts:
// texts, `{address}` where somebody is named and `{proposal}` where a proposal is, so that a view can make links.

import { amount, coin, moment, period, visible } from './format.mjs';

// status -> [word for a badge, tone, whole sentence, what comes at the next change]
const STATUSES = {
  deposit: ['Needs deposit', 'quiet', 'Waiting for its deposit to be complete.', 'Deposit is due'],
  prepare: ['Preparing', 'quiet', 'Time to read it before the vote.', 'Voting begins'],
  queued: ['Queued', 'quiet', 'Waits for its turn: as many others as may be are being decided.', null],
  deciding: ['Voting', 'open', 'Voting is open. As the votes stand, it would not pass.', 'Voting ends'],
  confirming: ['Voting, passing', 'open', 'Voting is open. As the votes stand, it passes.', 'Voting ends'],
  succeeded: ['Approved', 'good', 'Approved.', null],
  timelocked: ['Approved', 'good', 'Approved. It executes when its timelock is over.', 'Executes'],
  ready: ['Ready', 'good', 'Approved, and anyone may have it executed now.', null],
  executed: ['Executed', 'good', 'Approved and executed.', null],
  execution_failed: ['Execution failed', 'bad', 'Approved, but its actions failed. Anyone may try again.', 'Expires'],
  expired: ['Expired', 'bad', 'Approved, but not executed in time.', null],
  rejected: ['Rejected', 'bad', 'Rejected: it did not pass by the end of the vote.', null],
  cancelled: ['Cancelled', 'quiet', 'Taken back by whoever proposed it.', null],
  timed_out: ['Timed out', 'quiet', 'Its deposit was not complete in time.', null],
};
const UNKNOWN = (status) => [status, 'quiet', `Its status is ${status}.`, null];

export const STATUS_NAMES = Object.keys(STATUSES);
export function statusWords(status) {
  const [label, tone, sentence, next] = STATUSES[status] ?? UNKNOWN(status);
  return { label, tone, sentence, next };
}
export const isOpen = (status) => status === 'deciding' || status === 'confirming';

export const CHOICES = { yes: 'Yes', no: 'No', abstain: 'Abstain' };

const who = (address) => ({ address });
const which = (proposal) => ({ proposal });
const paid = (value, decimalsOf) => `${amount(value.amount, decimalsOf(value.asset))} ${coin(value.asset)}`;
const from = (time) => (time ? `, from ${moment(time)} on` : '');
const until = (time) => (time ? `, until ${moment(time)} at the latest` : '');

// type -> parts. `decimals(asset)` tells the decimals of an asset.
const ACTIONS = {
  'treasury.ApproveSpend': (value, decimals) => [
    `Pay ${paid(value, decimals)} to `,
    who(value.beneficiary),
    ` from the treasury${from(value.valid_from)}${until(value.expire_at)}.`,
  ],
  'treasury.Payout': ({ spend }) => [`Pay out the approved spend ${spend}.`],
  'treasury.VoidSpend': ({ spend }) => [`Take back the approved spend ${spend}, which was not paid.`],
  'treasury.SetOutflowLimit': ({ asset, window, limit }, decimals) => [
    `Let at most ${paid({ asset, amount: limit }, decimals)} leave the treasury in any ${period(window)}.`,
  ],
  'accounts.Transfer': (value, decimals) => [`Give ${paid(value, decimals)} to `, who(value.destination), '.'],
  'accounts.Burn': (value, decimals) => [`Destroy ${paid(value, decimals)}.`],
  'accounts.Mint': (value, decimals) => [
    `Make ${paid(value, decimals)} anew and give it to `,
    who(value.destination),
    '.',
  ],
  'accounts.IssueAsset': ({ asset, decimals, votes }) => [
    `Begin the asset ${coin(asset)} with ${decimals} decimals, ${votes ? 'which gives' : 'without'} voting power.`,
  ],
  'accounts.CreateAccount': () => ['Register an account under the policy shown below.'],
  'accounts.SetPolicy': () => ['Replace the keys of the account that acts by the policy shown below.'],
  'identity.RegisterMember': ({ account, name, role }) => [
    'Make ',
    who(account),
    ` a member, named “${visible(name)}”${role ? ` with the role ${role}` : ''}.`,
  ],
  'identity.RemoveMember': ({ account }) => ['End the membership of ', who(account), '.'],
  'identity.LeaveMember': () => ['Leave: end the membership of the account that acts.'],
  'identity.SetProfile': ({ about }) => [`Describe the account that acts as “${visible(about)}”.`],
  'governance.Vote': ({ proposal, choice }) => [`Vote ${choice} on `, which(proposal), '.'],
  'governance.RemoveVote': ({ proposal }) => ['Take back the vote on ', which(proposal), '.'],
  'governance.Delegate': ({ track, to }) => ['Let ', who(to), ` vote with this power on track ${track}.`],
  'governance.Undelegate': ({ track }) => [`End the delegation on track ${track}.`],
  'governance.SubmitProposal': ({ title }) => [`Submit the proposal “${visible(title)}”.`],
  'governance.Deposit': ({ proposal }) => ['Add to the deposit of ', which(proposal), '.'],
  'governance.CancelProposal': ({ proposal }) => ['Take back ', which(proposal), '.'],
  'governance.Execute': ({ proposal }) => ['Execute ', which(proposal), '.'],
  'validators.EditValidator': ({ validator }) => ['Change what the validator ', who(validator), ' says of itself.'],
};

// What an action `{type, value}` does. An unknown type, as of a module that was added, says only which message it is.
export function actionWords({ type, value }, decimals) {
  const words = ACTIONS[type];
  return words && value ? words(value, decimals) : [`Run ${type} with what is shown below.`];
}
export const isKnownAction = ({ type, value }) => Boolean(ACTIONS[type] && value);
export const plain = (parts) =>
  parts.map((part) => part.address ?? (part.proposal ? `proposal ${part.proposal}` : part)).join('');
