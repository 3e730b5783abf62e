import { describe, expect, test } from 'vitest';
import type { PromptMessage } from '#domain/provider/index.ts';
import { ANY_ID, NINE_ID, NUMBERED_ID, WORD_ID } from '../families/call-ids.ts';
import { type PromptRules, toPrompt, toTools } from './prompt.ts';

const RULES: PromptRules = {
  supportsImages: true,
  isRefused: () => false,
  imagesInToolResults: false,
  callIds: ANY_ID,
  reasoning: 'blocks',
  signatures: { foreign: null, own: null },
};
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const IMAGE = { mediaType: 'image/png', data: new Uint8Array(PNG) };

const HISTORY: PromptMessage[] = [
  { role: 'system', text: 'rules' },
  {
    role: 'user',
    parts: [
      { type: 'text', text: 'look' },
      { type: 'image', ...IMAGE },
    ],
  },
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 's' } } },
      { type: 'text', text: ' ' },
      { type: 'tool_call', id: 'functions.view:0', name: 'view', input: { file_path: 'a' } },
    ],
  },
  {
    role: 'tool',
    results: [
      { toolCallId: 'functions.view:0', toolName: 'view', text: 'an image', isError: false, image: IMAGE },
    ],
  },
];

describe('toPrompt', () => {
  test('leaves out empty texts and messages', () => {
    const messages: PromptMessage[] = [
      { role: 'system', text: ' ' },
      { role: 'user', parts: [{ type: 'text', text: '\n' }] },
      { role: 'assistant', parts: [] },
      { role: 'tool', results: [] },
    ];
    expect(toPrompt(messages, RULES)).toEqual([]);
  });

  test('brings the signature of reasoning back', () => {
    expect(toPrompt(HISTORY, RULES)[2]).toMatchObject({
      content: [
        { type: 'reasoning', providerOptions: { anthropic: { signature: 's' } } },
        { type: 'tool-call' },
      ],
    });
  });

  test('moves images of tool results into a user message where the provider wants that', () => {
    const [tool, user, ...rest] = toPrompt(HISTORY, RULES).slice(3);
    expect(tool).toMatchObject({ role: 'tool', content: [{ output: { type: 'text' } }] });
    expect(user).toMatchObject({
      role: 'user',
      content: [{ type: 'text' }, { type: 'file', mediaType: 'image/png' }],
    });
    expect(rest).toEqual([]);
  });

  test('leaves images in tool results where the provider takes them', () => {
    const prompt = toPrompt(HISTORY, { ...RULES, imagesInToolResults: true });
    expect(prompt).toHaveLength(4);
    expect(prompt[3]).toMatchObject({
      content: [
        {
          output: {
            type: 'content',
            value: [{ type: 'text' }, { type: 'image-data', data: PNG.toString('base64') }],
          },
        },
      ],
    });
  });

  test('sends no image to a model that reads text only', () => {
    const sent = JSON.stringify(toPrompt(HISTORY, { ...RULES, supportsImages: false }));
    expect(sent).not.toContain('image/png');
    expect(sent).toContain('image omitted');
  });

  test('makes ids fit for strict providers, the same for call and result, different for different ids', () => {
    const strict = { ...RULES, callIds: WORD_ID };
    const [call, result] = toPrompt(HISTORY, strict).slice(2);
    const id =
      call?.role === 'assistant' && call.content[1]?.type === 'tool-call' ? call.content[1].toolCallId : '';
    expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(result).toMatchObject({ content: [{ toolCallId: id }] });
    const other = toPrompt(
      [
        {
          role: 'tool',
          results: [{ toolCallId: 'functions.view_0', toolName: 'view', text: '', isError: true }],
        },
      ],
      strict,
    );
    expect(JSON.stringify(other)).not.toContain(id);
  });

  test('sends an input that is no object as an empty one', () => {
    for (const input of [null, undefined, 'not json', 7]) {
      const [message] = toPrompt(
        [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'ls', input }] }],
        RULES,
      );
      expect(message).toMatchObject({ content: [{ input: {} }] });
    }
  });

  test('declares no tools as none', () => {
    expect(toTools([])).toBeUndefined();
  });

  const twice = (first: object, second: object): PromptMessage[] =>
    [first, second].flatMap((more, at): PromptMessage[] => [
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: `own-${at}`, name: 'view', input: {}, ...more }],
      },
      {
        role: 'tool',
        results: [{ toolCallId: `own-${at}`, toolName: 'view', text: `${at}`, isError: false }],
      },
    ]);

  test.each([
    ['functions.view:7', ANY_ID, 'functions.view:7'],
    ['x'.repeat(400), ANY_ID, 'x'.repeat(400)],
    ['toolu_01', WORD_ID, 'toolu_01'],
    ['D681PevKs', NINE_ID, 'D681PevKs'],
    ['functions.view:7', NUMBERED_ID, 'functions.view:7'],
  ])('the id of a provider goes back to it as it came: %s', (providerCallId, callIds, expected) => {
    const prompt = toPrompt(twice({ providerCallId }, { providerCallId: 'other' }), { ...RULES, callIds });
    expect(prompt[0]).toMatchObject({ content: [{ toolCallId: expected }] });
    expect(prompt[1]).toMatchObject({ content: [{ toolCallId: expected }] });
  });

  test.each([
    ['nine letters and digits', NINE_ID, /^[a-zA-Z0-9]{9}$/],
    ['words', WORD_ID, /^[\w-]{1,64}$/],
    ['numbered', NUMBERED_ID, /^functions\.view:\d+$/],
    ['short', ANY_ID, /^[\w.:-]{1,40}$/],
  ])('an id of another provider becomes one that fits: %s', (_name, callIds, format) => {
    for (const id of ['call.a:1', `call_${'y'.repeat(60)}`, 'ä ö', '']) {
      const foreign = { providerCallId: id, isForeign: true };
      const prompt = toPrompt(twice(foreign, foreign), { ...RULES, callIds });
      const ids = prompt.flatMap(({ content }) =>
        typeof content === 'string'
          ? []
          : content.map((part) => ('toolCallId' in part ? part.toolCallId : '')),
      );
      expect(ids.every((text) => format.test(text))).toBe(true);
      expect([ids[0], ids[2]]).toEqual([ids[1], ids[3]]);
      expect(ids[0]).not.toBe(ids[2]);
      expect(JSON.stringify(toPrompt(twice(foreign, foreign), { ...RULES, callIds }))).toBe(
        JSON.stringify(prompt),
      );
    }
  });

  test('a name that providers refuse is mended, in call and result alike', () => {
    for (const [name, expected] of [
      [' bash', /^bash$/],
      ['multi_tool_use.parallel', /^multi_tool_use_parallel$/],
      ['', /^unnamed_tool$/],
      ['n'.repeat(200), /^n{55}_[0-9a-f]{8}$/],
    ] as const) {
      const [call, result] = toPrompt(
        [
          { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name, input: {} }] },
          { role: 'tool', results: [{ toolCallId: 'a', toolName: name, text: '', isError: true }] },
        ],
        RULES,
      );
      expect(call).toMatchObject({ content: [{ toolName: expect.stringMatching(expected) }] });
      expect(result).toMatchObject({ content: [{ toolName: expect.stringMatching(expected) }] });
    }
  });

  test('an image is what its bytes are, and nothing else is sent as one', () => {
    const jpeg = { mediaType: 'image/png', data: new Uint8Array([0xff, 0xd8, 0xff, 0xe0]) };
    const text = { mediaType: 'image/png', data: new TextEncoder().encode('version https://git-lfs') };
    const parts = [jpeg, text, { mediaType: 'image/png', data: new Uint8Array() }].map((image) => ({
      type: 'image' as const,
      ...image,
    }));
    const [message] = toPrompt([{ role: 'user', parts }], RULES);
    expect(message).toMatchObject({
      content: [{ type: 'file', mediaType: 'image/jpeg' }, { type: 'text' }, { type: 'text' }],
    });
  });

  test('an image that was refused is left out, and its place says so', () => {
    const sent = JSON.stringify(toPrompt(HISTORY, { ...RULES, isRefused: () => true }));
    expect(sent).toContain('the provider refused it');
    expect(sent).not.toContain('image/png');
  });
});

describe('reasoning in a chat', () => {
  const steps = (...parts: object[]): PromptMessage[] => [
    { role: 'assistant', parts: [...parts, { type: 'tool_call', id: 'a', name: 'ls', input: {} }] as never },
  ];
  const extras = (messages: PromptMessage[], reasoning: PromptRules['reasoning']): unknown =>
    toPrompt(messages, { ...RULES, reasoning })[0]?.providerOptions?.openaiCompatible;
  const own = { type: 'reasoning', text: 'hm' };
  const foreign = { ...own, isForeign: true };

  test('goes into the field of the family, or nowhere', () => {
    expect(extras(steps(own), { field: 'reasoning_content', isDemanded: false })).toEqual({
      reasoning_content: 'hm',
    });
    expect(extras(steps(own), { field: null, isDemanded: false })).toBeUndefined();
    expect(extras(steps(foreign), { field: 'reasoning_content', isDemanded: false })).toBeUndefined();
  });

  test('is there in each message where the family demands it', () => {
    const demanded = { field: 'reasoning_content', isDemanded: true } as const;
    expect(extras(steps(foreign), demanded)).toEqual({ reasoning_content: 'hm' });
    expect(extras(steps(), demanded)).toEqual({ reasoning_content: expect.stringMatching(/\S/) });
    expect(extras([{ role: 'assistant', parts: [{ type: 'text', text: 'a' }] }], demanded)).toEqual({
      reasoning_content: '',
    });
  });

  test('goes back to the router with its details', () => {
    const details = [{ type: 'reasoning.encrypted', data: 'x', index: 0 }];
    const part = {
      type: 'reasoning',
      text: '',
      providerMetadata: { openrouter: { reasoning_details: details } },
    };
    const rules = { field: 'reasoning_details', isDemanded: false } as const;
    expect(extras(steps(part), rules)).toEqual({ reasoning_details: details });
    expect(extras(steps(own), rules)).toEqual({ reasoning: 'hm' });
  });

  test('what came with a call goes back with it; what another model sent does not', () => {
    const extra_content = { google: { thought_signature: 's' } };
    const call = { type: 'tool_call', id: 'a', name: 'ls', input: {} };
    const options = (part: object, signatures: PromptRules['signatures']): unknown => {
      const rules = { ...RULES, reasoning: { field: null, isDemanded: false }, signatures };
      const [message] = toPrompt([{ role: 'assistant', parts: [part as never] }], rules);
      const [first] = message?.role === 'assistant' ? message.content : [];
      return first?.providerOptions?.openaiCompatible;
    };
    const none = { foreign: null, own: null };
    const own = { ...call, providerMetadata: { openaiCompatible: { extra_content } } };
    expect(options(own, none)).toEqual({ extra_content });
    expect(options({ ...call, isForeign: true }, none)).toBeUndefined();
    expect(options({ ...call, isForeign: true }, { foreign: 'skip', own: null })).toEqual({
      extra_content: { google: { thought_signature: 'skip' } },
    });
  });
});
